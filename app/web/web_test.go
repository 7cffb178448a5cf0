package web_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rekey-app/rekey/app/web"
)

func site(t *testing.T, publicURL string) *web.Site {
	t.Helper()
	s, err := web.New(web.Options{PublicURL: publicURL, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func page(t *testing.T, s *web.Site, text string) *template.Template {
	t.Helper()
	p, err := s.Template(fstest.MapFS{"page.html": {Data: []byte(`{{define "content"}}` + text + `{{end}}`)}}, "page.html")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shows has the site show a page, and returns the answer to a request for it.
func shows(t *testing.T, s *web.Site, p web.Page, text string, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	content, w := page(t, s, text), httptest.NewRecorder()
	s.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Render(w, r, http.StatusOK, content, p) })).ServeHTTP(w, r)
	return w
}

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public string
		hsts   bool
	}{{"https://rekey.example.com", true}, {"http://localhost:8080", false}, {"", false}} {
		h := shows(t, site(t, c.public), web.Page{Title: "T"}, "hello", get("/")).Header()
		if (h.Get("Strict-Transport-Security") != "") != c.hsts {
			t.Errorf("%q: HSTS is %q", c.public, h.Get("Strict-Transport-Security"))
		}
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%q: the policy lacks %s: %s", c.public, want, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%q: %s", c.public, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Content-Type": "text/html; charset=utf-8",
		} {
			if h.Get(name) != want {
				t.Errorf("%q: %s is %q, want %q", c.public, name, h.Get(name), want)
			}
		}
	}
	h := shows(t, site(t, ""), web.Page{FormOrigins: []string{"https://github.example.com"}}, "", get("/")).Header()
	if csp := h.Get("Content-Security-Policy"); !strings.HasSuffix(csp, "form-action 'self' https://github.example.com") {
		t.Errorf("a form that leads elsewhere: %s", csp)
	}
}

func TestAssetsAreNamedByTheirContent(t *testing.T) {
	t.Parallel()
	s := site(t, "")
	body := shows(t, s, web.Page{Title: "T"}, "", get("/")).Body.String()
	names := regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(body, -1)
	types := map[string]bool{}
	for _, name := range names {
		w := shows(t, s, web.Page{}, "", get(name[1]))
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Body.Len() < 100 {
			t.Errorf("%s: %d, %v, %d bytes", name[1], w.Code, w.Header(), w.Body.Len())
		}
		kind, _, _ := strings.Cut(w.Header().Get("Content-Type"), ";")
		types[kind] = true
	}
	if !types["text/css"] || !types["text/javascript"] || !types["image/svg+xml"] {
		t.Errorf("the layout names %v", names)
	}
	if w := shows(t, s, web.Page{}, "", get("/static/site.css")); w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("an old name: %d, %v", w.Code, w.Header())
	}
}

// TestOtherSitesSendNothing: what a browser sends for another site, by any way that it says so, does not reach the pages.
func TestOtherSitesSendNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header, value string
		want          int
	}{
		"same origin":           {"Sec-Fetch-Site", "same-origin", http.StatusOK},
		"another site":          {"Sec-Fetch-Site", "cross-site", http.StatusForbidden},
		"a sibling":             {"Sec-Fetch-Site", "same-site", http.StatusForbidden},
		"another origin":        {"Origin", "https://evil.example", http.StatusForbidden},
		"behind a proxy":        {"Origin", "https://rekey.example.com", http.StatusOK},
		"no origin, as a frame": {"Origin", "null", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080/leaks/1", nil)
		r.Header.Set(c.header, c.value)
		w := shows(t, site(t, "https://rekey.example.com"), web.Page{Title: "T"}, "the page itself", r)
		if w.Code != c.want || strings.Contains(w.Body.String(), "the page itself") != (c.want == http.StatusOK) {
			t.Errorf("%s: %d, want %d", name, w.Code, c.want)
		}
		if c.want != http.StatusOK && !strings.Contains(w.Body.String(), "nothing was done") {
			t.Errorf("%s: the page does not say that nothing was done", name)
		}
	}
}

func TestFormsBelongToASession(t *testing.T) {
	t.Parallel()
	mine, other := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	form := func(token string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{web.FormField: {token}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	if !web.FormIsOf(form(web.FormToken(mine)), mine) {
		t.Error("the session's own form is refused")
	}
	for name, r := range map[string]*http.Request{
		"another session's": form(web.FormToken(other)), "none": form(""), "the secret itself": form(string(mine)),
		"in the address": httptest.NewRequest(http.MethodPost, "/?"+web.FormField+"="+web.FormToken(mine), nil),
	} {
		if web.FormIsOf(r, mine) {
			t.Errorf("taken: %s", name)
		}
	}
	if web.FormIsOf(form(web.FormToken(nil)), nil) {
		t.Error("a session without a secret has forms")
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"/", "/leaks?state=open&q=a%2Fb", "/leaks/7#timeline", "/a//b"} {
		if got := web.LocalPath(good, "/x"); got != good {
			t.Errorf("%q became %q", good, got)
		}
	}
	for _, bad := range []string{
		"", "leaks", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
		"/a\r\nSet-Cookie: x", " //evil.example", "/" + strings.Repeat("a", 3000),
	} {
		if got := web.LocalPath(bad, "/x"); got != "/x" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

// TestNoHalfPage: a template that fails shows an error page, and nothing of itself.
func TestNoHalfPage(t *testing.T) {
	t.Parallel()
	w := shows(t, site(t, ""), web.Page{Data: 1}, "half {{.Data.Nothing}}", get("/"))
	if body := w.Body.String(); w.Code != http.StatusInternalServerError || strings.Contains(body, "half") || !strings.Contains(body, "Something went wrong") {
		t.Errorf("%d: %s", w.Code, body)
	}
}

func TestNamesAreText(t *testing.T) {
	t.Parallel()
	const name = `<script>alert(1)</script>"onload=x`
	p := web.Page{Title: name, Login: name, Notices: []web.Notice{{Tone: web.Bad, Text: name, Link: "javascript:alert(1)"}}, Nav: []web.Link{{Text: name, URL: "javascript:x"}}, Data: name}
	body := shows(t, site(t, ""), p, `<p title="{{.Data}}">{{.Data}}</p>`, get("/")).Body.String()
	if strings.Contains(body, "<script>alert") || strings.Contains(body, `"onload`) || strings.Contains(body, "javascript:") {
		t.Error(body)
	}
	chart := string(web.Bars(name, []web.Series{{Name: name, Class: name}}, []web.Bar{{Label: name, Values: []int64{1}}})) +
		string(web.Proportions(name, []web.Series{{Name: name, Class: name}}, []int64{1})) + string(web.Sparkline(name, []int64{1, 2}))
	if strings.Contains(chart, "<script") || strings.Contains(chart, `"onload`) {
		t.Error(chart)
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()
	series := []web.Series{{"critical", "fill-critical"}, {"low", "fill-low"}}
	bars := string(web.Bars("Leaks by week", series, []web.Bar{{"week 1", []int64{0, 0}}, {"week 2", []int64{3, 1}}}))
	for _, want := range []string{"<title>Leaks by week</title>", "week 2: critical 3, low 1", `class="fill-critical" x="18" y="24.0" width="12" height="72.0"`, `class="fill-low" x="18" y="0.0" width="12" height="24.0"`} {
		if !strings.Contains(bars, want) {
			t.Errorf("the bars lack %s:\n%s", want, bars)
		}
	}
	if parts := string(web.Proportions("All", series, []int64{1, 3})); !strings.Contains(parts, `x="250.0" y="0" width="748.0"`) || !strings.Contains(parts, "low: 3") {
		t.Error(parts)
	}
	for _, empty := range []template.HTML{web.Bars("None", nil, nil), web.Proportions("None", series, []int64{0, 0}), web.Sparkline("None", nil)} {
		if !strings.Contains(string(empty), "None") || strings.Contains(string(empty), "NaN") || strings.Contains(string(empty), "Inf") {
			t.Error(empty)
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour: "just now", 59 * time.Second: "just now", 90 * time.Second: "1 min ago", 47 * time.Hour: "47 h ago", 48 * time.Hour: "2 days ago",
	} {
		if got := web.Ago(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// TestTemplatesHoldTheContentSecurityPolicy: a browser would drop inline scripts and styles, and a page would be without them.
func TestTemplatesHoldTheContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i)\sstyle\s*=|\son[a-z]+\s*=\s*["']|<style|<script(?:>|\s[^>]*>[^<])|(?:src|href)="https?:`)
	seen := 0
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" || strings.HasPrefix(path, "../demo") || strings.Contains(path, "testdata") {
			return err
		}
		seen++
		text, err := os.ReadFile(path)
		if found := inline.Find(text); found != nil {
			t.Errorf("%s: %s", path, found)
		}
		return err
	})
	if err != nil || seen < 3 {
		t.Fatalf("%d templates, %v", seen, err)
	}
}
