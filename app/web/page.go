package web

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
	"time"
)

// Page is what a template is executed with.
type Page struct {
	Title string // of the document; the template says its own heading
	Nav   []Link // the sections; none: there is no navigation
	// Login of whoever is signed in; "": nobody.
	Login string
	// SignOut is where the form that signs out goes; "": there is none.
	SignOut   string
	FormToken string // of the session; see [FormToken]
	Notices   []Notice
	// Refresh has browsers ask for the page again after so long, without a script; zero: they do not.
	Refresh time.Duration
	// FormOrigins are other sites to which the page's forms lead, such as https://github.com.
	FormOrigins []string
	Data        any // the template's own
}

// Link leads to a section.
type Link struct {
	Text, URL, Icon string // Icon is a name that the function icon knows
	Count           int64  // shown beside the text; 0: nothing
	Current         bool   // it is where the reader is
}

// Tone is how a notice is meant.
type Tone string

// The tones.
const (
	Info Tone = "info"
	Good Tone = "good"
	Warn Tone = "warn"
	Bad  Tone = "bad"
)

// Notice is a message above a page's content.
type Notice struct {
	Tone     Tone
	Text     string
	Link     string // what to do about it; "": nothing
	LinkText string
}

// view is what layouts see.
type view struct {
	Page
	Version string
	Seconds int // until the page is asked for again
}

// Render sends a page. Nothing is sent before the template has been executed, so that a mistake in it is an error page and not
// half of one.
func (s *Site) Render(w http.ResponseWriter, r *http.Request, status int, t *template.Template, p Page) {
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, "layout.html", view{Page: p, Version: s.version, Seconds: int(p.Refresh.Seconds())}); err != nil {
		s.log.ErrorContext(r.Context(), "page not shown", "path", r.URL.Path, "error", err)
		if t == s.problem {
			http.Error(w, "rekey cannot show this page: its log says why", http.StatusInternalServerError)
			return
		}
		s.Fail(w, r, Broken)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if len(p.FormOrigins) > 0 {
		h.Set("Content-Security-Policy", policy(p.FormOrigins))
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // whoever asked may be gone
	}
}

// LocalPath returns where to go after a form or a sign-in: a path on this site, or fallback where the address leads elsewhere.
func LocalPath(address, fallback string) string {
	local := strings.HasPrefix(address, "/") && len(address) <= 2048
	for i, c := range []byte(address) {
		// Browsers take \ for /, and leave out tabs and line ends.
		if c < ' ' || c == '\\' || c == 0x7f || i == 1 && c == '/' {
			local = false
		}
	}
	if !local {
		return fallback
	}
	return address
}
