package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// page is what a browser shows: what happened, one moment after another, and the issues, as they would look on GitHub.
type page struct {
	Repository string
	Moments    []momentView
	Issues     []issueView
}

// momentView is a step of the demo and what GitHub showed right after it.
type momentView struct {
	Number            int
	Title, Who, Event string
	Commit, CommitURL string
	After             string // "120 ms"
	Short             bool   // without the check run's text
	Check             checkView
	Comments          []commentView
	Issue             *issueView // how the leak's issue was then; nil for none
	Filed             *issueView // the issue that was filed then
}

type checkView struct {
	Name, Conclusion, Title string
	Summary                 template.HTML
	Annotations             []annotationView
	Buttons                 []string
}

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

//go:embed source.html
var sourceHTML string

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

// execute writes a page of the given template.
func execute(name, text string, data any) ([]byte, error) {
	t, err := template.New(name).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the template of the page: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Data any
		CSS  template.CSS
	}{data, template.CSS(pageCSS)})
	if err != nil {
		return nil, fmt.Errorf("writing the page: %w", err)
	}
	return out.Bytes(), nil
}
