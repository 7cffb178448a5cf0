package text

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rejected are expressions that people stumble over, and what to write in their place.
var rejected = []struct{ expression, better string }{
	{`known to others`, "compromised"},
	{`\b(is|are|was|were|becomes?|means) dead\b|\bdead (key|secret)|\*\*dead\b|^dead:`, "no longer works, revoked"},
	{`\bkills?\b|\bkilled\b|\bkilling\b`, "revoke, stop, interrupt"},
	{`\b(it is|this is|that is|as|called?|calling) no secret\b|\bno secret after all|\bnot a secret\b|\bfalse alarm`, "false positive"},
	{`\bproduction key no secret`, "dismissing a production key"},
	{`\bdealt with\b|\bdeal with (it|them|this)\b`, "closed, resolved"},
	{`\bperhaps\b`, "possible, may"},
	{`\bmend(s|ed|ing)?\b`, "fix"},
	{`\banew\b`, "again"},
	{`\bstands? (in|inside|near|nearby|there|on)\b|\bstands? the\b`, "is in, is on"},
	{`\bspeaks? (of|against)\b`, "mentions, doesn't fit"},
	{`\btells whether\b`, "reports whether, shows whether"},
	{`\bthe (house|rooms?)\b`, "packages, code layout"},
	{`\b(are|is|be|was) heard\b|\bhearing (of|comments)\b`, "accepted"},
	{`\bdoes not help\b`, "isn't enough"},
	{`\btakes? it back\b|\btaken back\b`, "undo"},
	{`\bcounts? for nothing\b`, "is ignored"},
	{`\bfirst word of a person\b`, "first response"},
	{`\bunder the name of\b|\bon (your|their|his|her) own name\b`, "closed as resolved by"},
	{`\bnot told\b|\btold here\b`, "not shown, not listed"},
	{`\bterms of the house\b|\bbeyond all bounds\b`, "too deep, too large"},
	{`\bwhether the key is dead\b|\bkey is dead\b`, "whether the key still works"},
	{`\bend(s|ed)? TLS\b`, "put a reverse proxy in front for TLS"},
	{`\bsaid aloud\b|\bcounts? it aloud\b|\bcounted aloud\b`, "reported"},
	{`\bmistake in line\b`, "error on line"},
	{`\b(somebody|anybody) else is at it\b|\bis at it\b`, "locked by another process"},
	{`\bnot understood\b`, "cannot decode"},
	{`\ball came out as it must\b`, "everything worked"},
	{`\blonger than GitHub takes\b`, "longer than GitHub allows"},
	{`\bbehind (its|the|this) prefix\b`, "after the prefix"},
}

// isText reports whether people read every line of the file.
func isText(p string) bool {
	switch {
	case slices.Contains([]string{"docs/comparison.md", "docs/architecture.md"}, p), strings.Contains(p, "/fuzz/"):
		return false
	case strings.HasPrefix(p, "detect/testdata/"): // texts of others, that hold credentials
		return false
	case strings.Contains(p, "/testdata/"):
		return slices.Contains([]string{".md", ".txt"}, path.Ext(p))
	}
	return slices.Contains([]string{".md", ".html", ".service"}, path.Ext(p)) || p == "deploy/app-manifest.json" || p == "docs/rekey.schema.json"
}

// isSource reports whether people may read what strings the Go file holds: not tests, stand-ins and measuring tools.
func isSource(p string) bool {
	if path.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
		return false
	}
	return !slices.ContainsFunc(strings.Split(path.Dir(p), "/"), func(dir string) bool {
		return strings.HasSuffix(dir, "test") || dir == "comparison" || dir == "openapi"
	})
}

// TestPlainEnglish scans what people read for expressions that are not to come back: documents, goldens, and the strings
// of the program.
func TestPlainEnglish(t *testing.T) {
	t.Parallel()
	patterns, all := make([]*regexp.Regexp, len(rejected)), make([]string, len(rejected))
	for i, r := range rejected {
		patterns[i], all[i] = regexp.MustCompile("(?i)"+r.expression), r.expression
	}
	suspicious := regexp.MustCompile("(?i)" + strings.Join(all, "|"))
	check := func(file string, line int, text string) {
		if !suspicious.MatchString(text) {
			return
		}
		for i, p := range patterns {
			if found := p.FindString(text); found != "" {
				t.Errorf("%s:%d: %q: write %s", file, line, found, rejected[i].better)
			}
		}
	}
	files := map[string]int{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case isText(p):
			text, err := fs.ReadFile(root, p)
			if err != nil {
				return err
			}
			files[path.Ext(p)]++
			for n, line := range bytes.Split(text, []byte("\n")) {
				check(p, n+1, string(line))
			}
		case isSource(p):
			files[".go"]++
			return checkStrings(root, p, check)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files[".go"] < 200 || files[".md"] < 80 || files[".txt"] < 20 {
		t.Errorf("only these files were read: %v", files)
	}
}

// checkStrings checks the strings of a Go file, but for imports.
func checkStrings(root fs.FS, p string, check func(file string, line int, text string)) error {
	source, err := fs.ReadFile(root, p)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, p, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				check(p, set.Position(literal.Pos()).Line, text)
			}
		}
		return true
	})
	return nil
}

// TestRejectedExpressionsAreFound: each row of the table finds something, and leaves good English alone.
func TestRejectedExpressionsAreFound(t *testing.T) {
	t.Parallel()
	bad := []string{
		"Take it for known to others", "The key is dead.", "kill", "Close it as a false alarm", "If it is no secret after all", "### Dealt with",
		"Calling a production key no secret", "### Perhaps", "Until it is mended", "starts it anew", "a publishable key stands nearby", "the line speaks of Clerk", "tells whether it works", "the rooms",
		"People with write access are heard", "Removing a key does not help", "`/rekey reopen` takes it back", "it counts for nothing",
		"First word of a person", "Closed under the name of", "where else these stand is not told here", "nested beyond all bounds",
		"Something in front has to end TLS", "is said aloud", "has a mistake in line 3", "somebody else is at it", "event not understood",
		"All came out as it must", "This text was longer than GitHub takes", "42 letters behind this prefix", "whether the key is dead",
	}
	for _, r := range rejected {
		p := regexp.MustCompile("(?i)" + r.expression)
		if !slices.ContainsFunc(bad, p.MatchString) {
			t.Errorf("no example of %s", r.expression)
		}
		for _, good := range []string{
			"Treat this key as compromised. Removing the line isn't enough.", "there is no secret to check signatures with", "no Clerk secret keys", "recommended",
			"The pod stands by.", "deadline", "skills", "recommend",
		} {
			if found := p.FindString(good); found != "" {
				t.Errorf("%s rejects %q in %q", r.expression, found, good)
			}
		}
	}
}
