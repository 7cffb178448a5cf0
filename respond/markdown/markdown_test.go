package markdown_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/respond/markdown"
)

// hostile draws text from what breaks renderers, mixed with any characters and any bytes.
func hostile() *rapid.Generator[string] {
	bits := []string{
		"`", "``", "```", "|", "\\", "\n", "\r\n", "\n\n# x\n", "@octocat", "@org/team", "#12", "org/repo#3", "GH-4",
		"<img src=x onerror=alert(1)>", "</code>", "<!--", "-->", "<a href=//x>", "![x](y)", "](javascript:alert(1))",
		"https://evil.example", "www.evil.example", "a@evil.example", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\x00",
		"\xff\xfe", "&#64;", "&lt;", "*a*", "__b__", "~~c~~", "[x]", "[^1]", ":tada:", "../..", "|\n|-|\n", "    ", "\t",
		"$x$", "> q", "- l", "1. n", "---", "===", "%2e%2e", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
	}
	return rapid.Custom(func(t *rapid.T) string {
		var b strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			switch {
			case rapid.Bool().Draw(t, "bit"):
				b.WriteString(rapid.SampledFrom(bits).Draw(t, "text"))
			case rapid.Bool().Draw(t, "bytes"):
				b.Write(rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "raw"))
			default:
				b.WriteString(rapid.StringN(0, 8, -1).Draw(t, "string"))
			}
		}
		return b.String()
	})
}

func gfm() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe()))
}

// TestCodeIsInert puts code into a table cell, between other cells, and wants exactly that cell, holding exactly one
// code element and nothing else, with the text that Plain promises.
func TestCodeIsInert(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "foreign")
		source := []byte("| a | b | c |\n| --- | --- | --- |\n| x | " + markdown.Code(s) + " | y |\n\nafter " + markdown.Code(s) + " end\n")
		doc := gfm().Parser().Parse(text.NewReader(source))
		cells, others := 0, 0
		ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n.Kind() {
			case east.KindTableCell:
				cells++
			case ast.KindDocument, ast.KindParagraph, east.KindTable, east.KindTableHeader, east.KindTableRow,
				ast.KindText, ast.KindString, ast.KindCodeSpan:
			case ast.KindRawHTML:
				raw := string(n.(*ast.RawHTML).Segments.Value(source))
				if raw != "<code>" && raw != "</code>" {
					t.Fatalf("raw HTML %q from %q", raw, s)
				}
			default:
				others++
			}
			return ast.WalkContinue, nil
		})
		if cells != 6 || others != 0 {
			t.Fatalf("%d cells, %d other nodes from %q: %s", cells, others, s, source)
		}
		var out bytes.Buffer
		if err := gfm().Convert(source, &out); err != nil {
			t.Fatal(err)
		}
		want := "<td>x</td>\n<td><code>" + escapeHTML(markdown.Plain(s)) + "</code></td>\n<td>y</td>"
		if markdown.Plain(s) != "" && !strings.Contains(out.String(), want) {
			t.Fatalf("from %q\ngot %s\nwant %s", s, out.String(), want)
		}
	})
}

func escapeHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

func TestPlainIsOneVisibleLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		got := markdown.Plain(hostile().Draw(t, "foreign"))
		for _, r := range got {
			if r != ' ' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r)) {
				t.Fatalf("%q holds %U", got, r)
			}
		}
	})
}

func TestPermalink(t *testing.T) {
	t.Parallel()
	const repo, commit = "https://github.com/acme/shop", "0123456789012345678901234567890123456789"
	for _, tt := range []struct {
		path        string
		first, last int
		want        string
	}{
		{"apps/web/.env", 3, 3, repo + "/blob/" + commit + "/apps/web/.env#L3"},
		{"a b(c)#?.ts", 3, 5, repo + "/blob/" + commit + "/a%20b%28c%29%23%3F.ts#L3-L5"},
		{"README.md", 1, 1, repo + "/blob/" + commit + "/README.md?plain=1#L1"},
		{"ü\n\xff", 0, 0, repo + "/blob/" + commit + "/%C3%BC%0A%FF"},
		{"../../../settings", 1, 1, ""},
		{"a//b", 1, 1, ""},
		{"/a", 1, 1, ""},
		{"", 1, 1, ""},
	} {
		if got := markdown.Permalink(repo, commit, tt.path, tt.first, tt.last); got != tt.want {
			t.Errorf("Permalink(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestLinkStaysOneLink(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		source := []byte("see " + markdown.Link(markdown.Code(hostile().Draw(t, "text")), "https://x.example/"+hostile().Draw(t, "url")) + " end")
		doc := gfm().Parser().Parse(text.NewReader(source))
		links := 0
		ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if l, ok := n.(*ast.Link); ok && entering {
				links++
				if !strings.HasPrefix(string(l.Destination), "https://x.example/") {
					t.Fatalf("destination %q", l.Destination)
				}
			}
			return ast.WalkContinue, nil
		})
		if links != 1 || doc.ChildCount() != 1 {
			t.Fatalf("%d links in %s", links, source)
		}
	})
}

func TestCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("line of text 😀\n", 100)
	got := markdown.Cut(long, 200, "_cut_")
	if n := len([]rune(got)); n > 200 || !strings.HasSuffix(got, "😀\n\n_cut_") {
		t.Errorf("%d characters: %q", n, got)
	}
	if got := markdown.Cut("short", 200, "_cut_"); got != "short" {
		t.Errorf("got %q", got)
	}
	got = markdown.Cut("```\n"+long+"```\n", 200, "_cut_")
	if !strings.HasSuffix(got, "\n```\n\n_cut_") {
		t.Errorf("fence left open: %q", got)
	}
}

// TestTextIsInert: running text is one paragraph of text, and nothing that GitHub resolves stands in it unbroken.
func TestTextIsInert(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "foreign")
		source := []byte("before " + markdown.Text(s) + " after")
		doc := gfm().Parser().Parse(text.NewReader(source))
		if doc.ChildCount() != 1 || doc.FirstChild().Kind() != ast.KindParagraph {
			t.Fatalf("blocks from %q: %s", s, source)
		}
		for n := doc.FirstChild().FirstChild(); n != nil; n = n.NextSibling() {
			if n.Kind() != ast.KindText && n.Kind() != ast.KindString {
				t.Fatalf("%s from %q: %s", n.Kind(), s, source)
			}
		}
		var out bytes.Buffer
		if err := gfm().Convert(source, &out); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{"@octocat", "@org", "#12", "repo#3", "GH-4", "https://evil", ":tada:"} {
			if strings.Contains(out.String(), bad) {
				t.Fatalf("%q stands in %s", bad, out.String())
			}
		}
	})
}
