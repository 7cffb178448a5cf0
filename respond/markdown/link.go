package markdown

import (
	"fmt"
	"path"
	"strings"
)

// Link returns a link. text is Markdown already (see [Code]); url is one that we made ourselves or checked.
func Link(text, url string) string {
	return "[" + text + "](" + escapeURL(url) + ")"
}

// escapeURL keeps an URL from ending its own link.
func escapeURL(url string) string {
	var b strings.Builder
	for i := range len(url) {
		switch c := url[i]; {
		case c <= ' ' || c >= 0x7f || strings.IndexByte("()<>\\\"`[]{}|^", c) >= 0:
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Permalink returns the web address of lines first to last of the file at path in the commit, in the repository whose
// web page is repository (https://github.com/owner/name). It returns "" for a path that cannot be addressed: one that
// is empty, or has empty, "." or ".." elements, which browsers would resolve to another page. Line 0 is the whole file.
func Permalink(repository, commit, file string, first, last int) string {
	for e := range strings.SplitSeq(file, "/") {
		if e == "" || e == "." || e == ".." {
			return ""
		}
	}
	var b strings.Builder
	b.WriteString(repository + "/blob/" + commit + "/")
	for i := range len(file) {
		switch c := file[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("/-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	if first <= 0 {
		return b.String()
	}
	switch strings.ToLower(path.Ext(file)) {
	case ".md", ".markdown", ".mdown", ".mkd", ".rst", ".adoc", ".ipynb", ".svg", ".csv", ".tsv":
		b.WriteString("?plain=1") // otherwise GitHub shows the page rendered, without lines
	}
	fmt.Fprintf(&b, "#L%d", first)
	if last > first {
		fmt.Fprintf(&b, "-L%d", last)
	}
	return b.String()
}

// Unlink makes text that others wrote, and that receivers may show, lead nowhere.
func Unlink(s string) string { return strings.ReplaceAll(s, "://", "[:]//") }
