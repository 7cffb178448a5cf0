package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// page is what a browser shows: the pushes with their check runs, and the issues, as they would look on GitHub.
type page struct {
	Repository string
	Pushes     []pushView
	Issues     []issueView
}

// pushView is a step of the demo with the check run that came of it.
type pushView struct {
	Number        int
	Title, Detail string
	Author        string
	Commit        string
	Check         checkView
}

type checkView struct {
	Name, Conclusion, Title string
	Summary                 template.HTML
	Annotations             []annotationView
	Buttons                 []buttonView
}

type buttonView struct{ Label, Description string }

// annotationView is an annotation among the lines of the file that it marks.
type annotationView struct {
	Path, Level, Title, Message string
	Where                       string // "line 3, columns 18 to 67"
	Lines                       []sourceLine
}

type sourceLine struct {
	Number int
	Before string
	Marked string // the marked columns, with the credential masked
	After  string
	Hit    bool
}

type issueView struct {
	Number   int
	Title    string
	State    string
	Author   string
	Labels   []string
	Body     template.HTML
	Comments []commentView
}

type commentView struct {
	Author string
	Body   template.HTML
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// renderer turns GitHub-flavoured Markdown into HTML. HTML in the text passes, as the issues have some: it is the demo's
// own, and the page's content security policy lets none of it run or fetch anything.
type renderer struct{ markdown goldmark.Markdown }

func newRenderer() *renderer {
	return &renderer{goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))}
}

func (r *renderer) html(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := r.markdown.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("rendering Markdown: %w", err)
	}
	return template.HTML(out.String()), nil
}

// handler serves the page. It takes no input.
func handler(p page) (http.Handler, error) {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return nil, fmt.Errorf("reading the page's template: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		page
		CSS template.CSS
	}{p, template.CSS(pageCSS)})
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		w.Write(out.Bytes())
	}), nil
}
