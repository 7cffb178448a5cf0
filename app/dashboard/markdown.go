package dashboard

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// prose turns an issue's text into HTML that does what it does on GitHub, and nothing more: of the HTML in it, what folds a part
// away passes, and all else is left out. It is safe for concurrent use.
type prose struct{ goldmark goldmark.Markdown }

func newProse() *prose {
	return &prose{goldmark.New(
		goldmark.WithExtensions(
			// The style attributes that columns are aligned with otherwise are against the content security policy.
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Linkify, extension.Strikethrough, extension.TaskList,
		),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(plainHTML{}, 1))),
	)}
}

func (m *prose) html(text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := m.goldmark.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("rendering Markdown: %w", err)
	}
	return template.HTML(out.String()), nil //nolint:gosec // goldmark escapes texts and drops dangerous links; plainHTML sees to the rest
}

// plainHTML renders the HTML in a text.
type plainHTML struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (p plainHTML) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindHTMLBlock, p.block)
	r.Register(ast.KindRawHTML, p.inline)
	r.Register(extast.KindTaskCheckBox, p.box)
	r.Register(ast.KindImage, p.image)
}

func (plainHTML) block(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	var text strings.Builder
	lines := node.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		text.Write(line.Value(source))
	}
	if block, is := node.(*ast.HTMLBlock); is && block.HasClosure() {
		text.Write(block.ClosureLine.Value(source))
	}
	_, err := w.WriteString(harmless(text.String()))
	return ast.WalkSkipChildren, err
}

func (plainHTML) inline(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	raw, is := node.(*ast.RawHTML)
	if !entering || !is {
		return ast.WalkSkipChildren, nil
	}
	var text strings.Builder
	for i := range raw.Segments.Len() {
		segment := raw.Segments.At(i)
		text.Write(segment.Value(source))
	}
	_, err := w.WriteString(harmless(text.String()))
	return ast.WalkSkipChildren, err
}

// box is an item to tick off on GitHub: here it is read.
func (plainHTML) box(w util.BufWriter, _ []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	mark := `<span aria-hidden="true">☐</span> `
	if box, is := node.(*extast.TaskCheckBox); is && box.IsChecked {
		mark = `<span aria-hidden="true">☑</span><span class="hidden">done:</span> `
	}
	_, err := w.WriteString(mark)
	return ast.WalkContinue, err
}

// image leaves an image out, and shows its text: nothing is fetched from elsewhere.
func (plainHTML) image(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
	return ast.WalkContinue, nil
}

// comments are left out, tags too but for those that passes names.
var (
	comments = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)`)
	tags     = regexp.MustCompile(`(?s)<[^>]*>?`)
	passes   = regexp.MustCompile(`^</?(?:details|summary|b|strong|code|br)>$`)
)

func harmless(text string) string {
	text = comments.ReplaceAllString(text, "")
	var out strings.Builder
	last := 0
	for _, at := range tags.FindAllStringIndex(text, -1) {
		out.WriteString(html.EscapeString(html.UnescapeString(text[last:at[0]])))
		if tag := text[at[0]:at[1]]; passes.MatchString(tag) {
			out.WriteString(tag)
		}
		last = at[1]
	}
	out.WriteString(html.EscapeString(html.UnescapeString(text[last:])))
	return out.String()
}
