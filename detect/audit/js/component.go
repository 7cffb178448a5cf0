package js

import (
	"bytes"
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	// maxComponent bounds a component with its markup and styles, in bytes; its scripts are bound as other scripts are.
	maxComponent = 1 << 20
	// maxScripts is how many scripts a page may have that are programs of their own.
	maxScripts = 16
)

// script is a program in a component: one block of it, or several that share their names.
type script struct {
	blocks []block
	loader api.Loader
	// server reports whether it never gets to browsers.
	server bool
	// function reports whether it is the body of a function, but for its imports: it may return.
	function bool
}

// components return the scripts in components, by extension.
var components = map[string]func(name string, text []byte) []script{".vue": vueScripts, ".svelte": svelteScripts, ".astro": astroScripts}

// IsComponent reports whether a file of that name is a component of Vue, Svelte or Astro, which has scripts in it.
func IsComponent(name string) bool { return components[extension(name)] != nil }

// Scripts reads the programs in a file: the file itself, or the scripts in a component, of which Astro's frontmatter is the first. The
// error is about the first that is missing.
func Scripts(name string, text []byte) ([]*File, error) {
	find := components[extension(name)]
	if find == nil {
		f, err := Parse(name, text)
		if err != nil {
			return nil, err
		}
		return []*File{f}, nil
	}
	switch {
	case len(text) > maxComponent:
		return nil, ErrTooLarge
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return nil, ErrEncoding
	}
	scripts := find(name, text)
	if len(scripts) > maxScripts {
		return nil, ErrTooLarge
	}
	var files []*File
	var failed error
	for _, s := range scripts {
		f, err := s.parse(name, text)
		if err == nil {
			files = append(files, f)
		} else if failed == nil {
			failed = err
		}
	}
	return files, failed
}

func (s script) parse(name string, text []byte) (*File, error) {
	if err := refuse(s.alone(text)); err != nil {
		return nil, err
	}
	f, err := parse(name, text, source{text: s.inPlace(text), loader: s.loader, function: s.function})
	if err != nil {
		return nil, err
	}
	f.Browser = !s.server
	return f, nil
}

// alone is the text of the script, and nothing else.
func (s script) alone(text []byte) []byte {
	var out []byte
	for _, b := range s.blocks {
		out = append(append(out, text[b.start:b.end]...), '\n')
	}
	return out
}

// inPlace is the text of the script, at the same places as in the component: what is before and between is blank.
func (s script) inPlace(text []byte) []byte {
	end := s.blocks[len(s.blocks)-1].end
	out := make([]byte, end, end+16)
	for i := range out {
		if out[i] = ' '; text[i] == '\n' || text[i] == '\r' {
			out[i] = text[i]
		}
	}
	for i, b := range s.blocks {
		copy(out[b.start:b.end], text[b.start:b.end])
		if i+1 < len(s.blocks) {
			out[b.end] = ';' // where the closing tag is: a block ends the statement before it
		}
	}
	return out
}

// vueScripts returns a component's script and its setup, which are one module. One that is for the server alone says so by its name, as
// in Nuxt.
func vueScripts(name string, text []byte) []script {
	s := joined(vueBlocks(text))
	if len(s) > 0 {
		s[0].server = strings.HasSuffix(strings.ToLower(name), ".server.vue")
	}
	return s
}

// svelteScripts returns a component's script and that of its module, whose names it sees.
func svelteScripts(_ string, text []byte) []script { return joined(svelteBlocks(text)) }

// joined is what blocks are together, but for those in other languages.
func joined(blocks []block) []script {
	s := script{loader: api.LoaderJS}
	for _, b := range blocks {
		loader, ok := languages[strings.ToLower(strings.TrimPrefix(cmp.Or(b.attributes["lang"], b.attributes["type"]), "text/"))]
		if !ok {
			continue
		}
		s.blocks = append(s.blocks, b)
		s.loader = max(s.loader, loader)
	}
	if len(s.blocks) == 0 {
		return nil
	}
	return []script{s}
}

// languages are what scripts say of themselves.
var languages = map[string]api.Loader{
	"": api.LoaderJS, "js": api.LoaderJS, "javascript": api.LoaderJS, "module": api.LoaderJS, "jsx": api.LoaderJSX, "ts": api.LoaderTS,
	"typescript": api.LoaderTS, "tsx": api.LoaderTSX,
}

// astroScripts returns a page's frontmatter, which runs on the server for each request, and the scripts in it, each a module of its own.
func astroScripts(_ string, text []byte) []script {
	var all []script
	start, end, after, ok := frontmatter(text)
	if ok {
		all = append(all, script{blocks: []block{{start: start, end: end}}, loader: api.LoaderTS, server: true, function: true})
	}
	for _, b := range astroBlocks(text, after) {
		if _, ok := languages[strings.TrimPrefix(b.attributes["type"], "text/")]; ok && len(bytes.TrimSpace(text[b.start:b.end])) > 0 {
			all = append(all, script{blocks: []block{b}, loader: api.LoaderTS})
		}
	}
	return all
}
