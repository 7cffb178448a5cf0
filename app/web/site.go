package web

import (
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
)

// Options are what a [Site] needs to know.
type Options struct {
	// PublicURL is where people reach the site, such as https://rekey.example.com, without a path. All absolute addresses derive
	// from it, never from a request's Host. Empty: unknown, and then no request is answered as if over https.
	PublicURL string
	Version   string // rekey's own, shown at the foot
	Log       *slog.Logger
}

// Site sends pages. It is safe for concurrent use.
type Site struct {
	public  *url.URL
	version string
	log     *slog.Logger
	assets  *assets
	layout  *template.Template
	problem *template.Template
	origins *http.CrossOriginProtection
}

// New returns a site. It fails where PublicURL is no web address.
func New(o Options) (*Site, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("the public address %q: %w", o.PublicURL, err)
	}
	s := &Site{public: public, version: o.Version, log: o.Log, origins: http.NewCrossOriginProtection()}
	if public.Host != "" {
		// A proxy may change Host, and then the origin that browsers name is not the one that they talk to.
		if err := s.origins.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
			return nil, fmt.Errorf("the public address %q: %w", o.PublicURL, err)
		}
	}
	s.origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Fail(w, r, Foreign) }))
	if s.assets, err = newAssets(staticFiles); err != nil {
		return nil, err
	}
	if s.layout, err = template.New("layout").Funcs(s.functions()).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html"); err != nil {
		return nil, err
	}
	s.problem, err = s.Template(templateFiles, "templates/problem.html")
	return s, err
}

// Template parses the files of a page, which define "content", and may define "head". They may call the functions of
// [Site] and the parts of templates/parts.html.
func (s *Site) Template(files fs.FS, patterns ...string) (*template.Template, error) {
	return s.TemplateWith(nil, files, patterns...)
}

// TemplateWith is Template for files that call more functions.
func (s *Site) TemplateWith(functions template.FuncMap, files fs.FS, patterns ...string) (*template.Template, error) {
	t, err := s.layout.Clone()
	if err != nil {
		return nil, err
	}
	return t.Funcs(functions).ParseFS(files, patterns...)
}

// Secure reports whether people reach the site over https.
func (s *Site) Secure() bool { return s.public.Scheme == "https" }

// URL returns the absolute address of a path, or "" where the public address is unknown.
func (s *Site) URL(path string) string {
	if s.public.Host == "" {
		return ""
	}
	return strings.TrimSuffix(s.public.String(), "/") + path
}
