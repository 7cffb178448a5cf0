package web

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

//go:embed templates
var templateFiles embed.FS

// assetsPath is where assets are served.
const assetsPath = "/static/"

// assets are files whose names hold a hash of their content, so that browsers keep them for a year.
type assets struct {
	named  map[string]string // site.css → /static/site.Xk3….css
	bodies map[string][]byte // by path
}

func newAssets(files fs.FS) (*assets, error) {
	a := &assets{named: map[string]string{}, bodies: map[string][]byte{}}
	css, err := fs.Glob(files, "static/css/*.css")
	if err != nil {
		return nil, err
	}
	var style []byte // one request for the parts of the style sheet
	for _, name := range css {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		style = append(style, text...)
	}
	a.add("site.css", style)
	for _, name := range []string{"site.js", "icon.svg"} {
		text, err := fs.ReadFile(files, "static/"+name)
		if err != nil {
			return nil, err
		}
		a.add(name, text)
	}
	return a, nil
}

func (a *assets) add(name string, body []byte) {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	at := assetsPath + strings.TrimSuffix(name, ext) + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext
	a.named[name], a.bodies[at] = at, body
}

// ServeHTTP implements [http.Handler].
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := a.bodies[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(r.URL.Path)))
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(body)
}
