package guide_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

var update = flag.Bool("update", false, "write the golden files again")

// files is a repository in memory.
type files map[string]string

func (f files) List() []string {
	var out []string
	for p := range f {
		out = append(out, p)
	}
	slices.Sort(out)
	slices.Reverse(out) // in any order, says the contract
	return out
}

func (f files) Read(p string) ([]byte, bool) {
	s, ok := f[p]
	return []byte(s), ok
}

// parsedCase is a repository with the facts of a leak in it.
type parsedCase struct {
	leak     guide.Leak
	files    files
	abused   bool
	variants map[string]files // files that take the place of others, by the variant's name
}

// parseCase reads a case from a txtar archive, whose comment holds the facts of the leak, one a line. The leak is where
// the files have its masked form. A file "code: main.go" is main.go in the variant "code".
func parseCase(t testing.TB, name string) parsedCase {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := parsedCase{files: files{}, variants: map[string]files{}}
	l := guide.Leak{Kind: detect.SecretKey, Environment: detect.Live, Redacted: "sk_live_…a1b2", Repository: "acme/shop"}
	for line := range strings.Lines(string(a.Comment)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		switch key {
		case "kind":
			l.Kind = detect.Kind(value)
		case "environment":
			l.Environment = detect.Environment(strings.TrimPrefix(value, "none"))
		case "redacted":
			l.Redacted = value
		case "instance":
			l.Instance = value
		case "dashboard":
			l.Dashboard = value
		case "variable":
			l.Variable = value
		case "path":
			l.Paths = append(l.Paths, value)
		case "head":
			l.Head = append(l.Head, guide.Location{Path: value})
		case "hide":
			l.Hide = value == "true"
		case "browser":
			l.Browser = value == "true"
		case "abused":
			c.abused = value == "true"
		case "what":
		default:
			t.Fatalf("%s: fact %q is not known", name, key)
		}
	}
	for _, file := range a.Files {
		if variant, p, ok := strings.Cut(file.Name, ": "); ok {
			if c.variants[variant] == nil {
				c.variants[variant] = files{}
			}
			c.variants[variant][p] = string(file.Data)
			continue
		}
		c.files[file.Name] = string(file.Data)
	}
	c.leak = l
	return c.in("")
}

// in returns the case in one of its variants, with the places where the leak is.
func (c parsedCase) in(variant string) parsedCase {
	c.files = maps.Clone(c.files)
	maps.Copy(c.files, c.variants[variant])
	c.leak.Paths, c.leak.Head = slices.Clone(c.leak.Paths), slices.Clone(c.leak.Head)
	for p, text := range c.files {
		for i, line := range strings.Split(text, "\n") {
			if strings.Contains(line, c.leak.Redacted) {
				c.leak.Head = append(c.leak.Head, guide.Location{Path: p, Line: i + 1})
				c.leak.Paths = append(c.leak.Paths, p)
			}
		}
	}
	slices.SortFunc(c.leak.Head, func(a, b guide.Location) int { return cmpString(a.Path, b.Path, a.Line, b.Line) })
	slices.Sort(c.leak.Paths)
	return c
}

func cmpString(a, b string, i, j int) int {
	if a != b {
		return strings.Compare(a, b)
	}
	return i - j
}

func (c parsedCase) guide() guide.Guide { return guide.For(context.Background(), c.leak, c.files) }

func cases(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return names
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t, "testdata/*.txtar") {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			c := parseCase(t, name)
			golden(t, strings.TrimSuffix(name, ".txtar")+".md", c.guide().Markdown(c.abused))
		})
	}
}

// variants of each host's and language's case, in the order of its golden file.
var variants = []struct{ name, title string }{
	{"code", "The key is a literal in code"},
	{"settings", "The key is in a committed settings file"},
	{"", "The key is in neither any more"},
}

// steps is what a person does, without what is folded away.
func steps(g guide.Guide) string {
	text, _, _ := strings.Cut(g.Markdown(false), "<details>")
	if i := strings.Index(text, "\n1. "); i >= 0 {
		text = text[i+1:]
	}
	return strings.TrimSpace(text) + "\n"
}

func TestHostsAndLanguages(t *testing.T) {
	t.Parallel()
	for _, name := range append(cases(t, "testdata/hosts/*.txtar"), cases(t, "testdata/languages/*.txtar")...) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			c := parseCase(t, name)
			var b strings.Builder
			for _, v := range variants {
				if v.name != "" && len(c.variants[v.name]) == 0 {
					t.Fatalf("no file in the variant %q", v.name)
				}
				b.WriteString("## " + v.title + "\n\n" + steps(c.in(v.name).guide()) + "\n")
			}
			golden(t, strings.TrimSuffix(name, ".txtar")+".md", b.String())
		})
	}
}

// TestStepsAreOneList: whatever stands in the steps (code, lists in lists), Markdown sees one list of as many steps.
func TestStepsAreOneList(t *testing.T) {
	t.Parallel()
	for _, name := range cases(t, "testdata/*.txtar") {
		g := parseCase(t, name).guide()
		source := []byte(g.Markdown(false))
		doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
		for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
			if list, ok := n.(*ast.List); ok {
				if list.ChildCount() != len(g.Steps) {
					t.Errorf("%s: %d steps shown as %d", name, len(g.Steps), list.ChildCount())
				}
				break
			}
		}
	}
}

func TestDashboardIsLinkedOnlyWhereItIsClerks(t *testing.T) {
	t.Parallel()
	const good = "https://dashboard.clerk.com/apps/app_2x/instances/ins_2y/api-keys"
	for _, page := range []string{
		"https://dashboard.clerk.com.evil.example/apps/app_2x/instances/ins_2y/api-keys", "https://evil.example/", "javascript:alert(1)",
		good + "?x", good + "\n", "http" + strings.TrimPrefix(good, "https"), "https://dashboard.clerk.com/apps/app_2x/instances/ins_2y)/api-keys",
	} {
		if got := guide.For(t.Context(), guide.Leak{Kind: detect.SecretKey, Dashboard: page}, nil).Markdown(false); strings.Contains(got, page) || strings.Contains(got, "this instance's") {
			t.Errorf("%q is linked", page)
		}
	}
	if got := guide.For(t.Context(), guide.Leak{Kind: detect.SecretKey, Dashboard: good}, nil).Markdown(false); !strings.Contains(got, "("+good+")") {
		t.Error("the right page is not linked")
	}
}

func TestHiddenFilesAreNotShown(t *testing.T) {
	t.Parallel()
	f := files{
		"Dockerfile":               "ENV CLERK_SECRET_KEY=x\n",
		".github/workflows/ci.yml": "jobs:\n  a:\n    env:\n      CLERK_SECRET_KEY: x\n",
		".github/workflows/cd.yml": "jobs:\n  a:\n    env:\n      CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\n",
	}
	l := guide.Leak{
		Kind: detect.SecretKey, Hide: true, Paths: []string{"Dockerfile", ".github/workflows/ci.yml"},
		Head: []guide.Location{{Path: "Dockerfile", Line: 1}, {Path: ".github/workflows/ci.yml", Line: 4}},
	}
	got := guide.For(t.Context(), l, f).Markdown(false)
	for _, told := range []string{"Dockerfile", "ci.yml"} {
		if strings.Contains(got, told) {
			t.Errorf("%s is told", told)
		}
	}
	if !strings.Contains(got, "cd.yml:4") {
		t.Error("the workflow that did not leak is not told")
	}
	l.Hide = false
	if got := guide.For(t.Context(), l, f).Markdown(false); !strings.Contains(got, "ci.yml:4") {
		t.Error("a leaking file is not named where it may be")
	}
}

// TestForeignNamesDoNothing fills every name that others give into what the guide reads, and wants neither new blocks
// in the text nor anything in a command but names.
func TestForeignNamesDoNothing(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`^[A-Za-z0-9_ .=/:"'$%|<>{},()&;~\\-]*$`)
	rapid.Check(t, func(t *rapid.T) {
		evil := rapid.SampledFrom([]string{
			"$(reboot)", "`reboot`", "a; reboot", "a\nreboot", "a && reboot", "a'b", "a\"b", "```", "<b>", "@octocat", "-oProxyCommand=x", "../../x", "ok-name", "a|b", "\u202eabc", "${x}", "--org evil",
		}).Draw(t, "evil")
		q := func(s string) string { return strings.NewReplacer("\\", "\\\\", `"`, `\"`, "\n", `\n`).Replace(s) }
		f := files{
			"fly.toml":              "app = \"" + evil + "\"\n",
			evil + "/wrangler.toml": "name = \"x\"\n",
			evil + "/package.json":  `{"dependencies":{"@clerk/nextjs":"1","convex":"1","vercel":"1"}}`,
			"k8s/" + strings.ReplaceAll(evil, "/", "") + ".yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: \"" + q(evil) + "\"\n  namespace: \"" + q(evil) + "\"\nspec:\n  env:\n  - name: CLERK_SECRET_KEY\n    valueFrom:\n      secretKeyRef:\n        name: \"" + q(evil) + "\"\n        key: \"" + q(evil) + "\"\n",
			".github/workflows/x.yml":                            "jobs:\n  a:\n    environment: \"" + q(evil) + "\"\n    env:\n      CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\n",
			"main.tf":                                            "variable \"" + evil + "\" {} # clerk_secret_key\n",
			evil + ".sops.yaml":                                  "CLERK_SECRET_KEY: ENC\n",
			".sops.yaml":                                         "",
		}
		got := guide.For(t.Context(), guide.Leak{Kind: detect.SecretKey, Environment: detect.Live, Repository: "acme/" + evil, Variable: "CLERK_" + evil}, f).Markdown(false)
		source := []byte(got)
		doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
		ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.FencedCodeBlock:
				for i := range n.Lines().Len() {
					line := n.Lines().At(i)
					s := strings.TrimRight(string(line.Value(source)), "\n")
					if !command.MatchString(s) || strings.Contains(s, "reboot") || strings.Contains(s, "ProxyCommand") || strings.Contains(s, "--org") || strings.Contains(s, "..") {
						t.Fatalf("command %q", s)
					}
				}
			case *ast.RawHTML:
				if raw := string(n.Segments.Value(source)); raw != "<code>" && raw != "</code>" {
					t.Fatalf("HTML %q", raw)
				}
			case *ast.Text:
				if _, in := n.Parent().(*ast.CodeSpan); !in && strings.Contains(string(n.Value(source)), "@octocat") {
					t.Fatalf("a mention: %s", n.Value(source))
				}
			}
			return ast.WalkContinue, nil
		})
		if strings.Contains(got, "\u202e") {
			t.Fatal("a bidi control")
		}
	})
}

func FuzzFor(f *testing.F) {
	f.Add("package.json", `{"dependencies":{"next":"1"}}`)
	f.Add(".github/workflows/a.yml", "jobs: {a: {environment: {name: x}, env: {CLERK_SECRET_KEY: 1}}}")
	f.Add("k/a.yaml", "apiVersion: v1\nkind: Secret\ndata: {CLERK_SECRET_KEY: x}\n---\n&a [*a]")
	f.Add("fly.toml", "app = 'x'")
	f.Fuzz(func(t *testing.T, p, content string) {
		g := guide.For(t.Context(), guide.Leak{Kind: detect.SecretKey, Paths: []string{p}}, files{p: content})
		if len(g.Steps) == 0 || len(g.Markdown(true)) > 60_000 {
			t.Errorf("%d steps, %d bytes", len(g.Steps), len(g.Markdown(true)))
		}
	})
}

// BenchmarkFor fits a guide to a repository of a hundred thousand files.
func BenchmarkFor(b *testing.B) {
	f := files{"package.json": `{"dependencies":{"next":"1","@clerk/nextjs":"1"}}`, "vercel.json": "{}"}
	for i := range 100_000 {
		f["src/"+strings.Repeat("deep/", i%6)+"file"+strings.Repeat("x", i%9)+string(rune('a'+i%26))+strings.Repeat("y", i/3000)+".ts"+string(rune('a'+i%7))] = ""
	}
	list := f.List()
	b.ReportMetric(float64(len(list)), "files")
	for b.Loop() {
		guide.For(b.Context(), guide.Leak{Kind: detect.SecretKey}, f)
	}
}
