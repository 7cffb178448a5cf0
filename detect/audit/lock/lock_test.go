package lock_test

import (
	"bytes"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

// files is a repository in memory. A nil text is one that isn't known.
type files map[string][]byte

func (f files) Paths() []string { return slices.Sorted(maps.Keys(f)) }

func (f files) Read(p string) ([]byte, bool) {
	text := f[p]
	return text, text != nil
}

func clerks(name string) bool { return strings.HasPrefix(name, "@clerk/") }

func load(t *testing.T, file string) files {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := files{}
	for _, one := range archive.Files {
		f[one.Name] = one.Data
	}
	return f
}

// answer is what the index says of a package, or of the last of a chain, in one line.
func answer(x *lock.Index, p string, names ...string) string {
	v, ok := x.Through(p, names...)
	switch {
	case !ok:
		return "none"
	case v.Number == "":
		return "unknown: " + v.Why
	case v.Package != names[len(names)-1]:
		return v.Package + " " + v.Number
	}
	return v.Number
}

// TestWhatTheManagersWrite reads the lockfiles that each package manager made of the same four packages, of which two
// have another version of one than the rest, one has it by another name, and one brings another version of a third.
// testdata/managers/make.sh made them.
func TestWhatTheManagersWrite(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/managers/*.txtar")
	if err != nil || len(archives) != 10 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			x := lock.Open(load(t, archive), clerks)
			for _, test := range []struct {
				file, names, want string
			}{
				{"apps/api/src/main.ts", "@clerk/backend", "2.4.5"},
				{"apps/api/src/main.ts", "@clerk/backend @clerk/shared", "3.48.0"},
				{"apps/api/src/main.ts", "old", "@clerk/backend 1.15.0"},
				{"apps/api/src/main.ts", "@clerk/nextjs", "none"},
				{"apps/web/main.ts", "@clerk/backend", "1.21.0"},
				{"apps/web/main.ts", "@clerk/backend @clerk/shared", "2.22.1"},
				{"apps/web/main.ts", "@clerk/types", "4.50.0"}, // asked for at the root
				{"apps/web/main.ts", "ui", "none"},             // isn't wanted
				{"packages/ui/button.tsx", "@clerk/shared", "3.48.0"},
				{"main.ts", "@clerk/backend", "none"},
			} {
				if strings.HasSuffix(archive, "npm-v1.txtar") && !strings.HasPrefix(test.file, "apps/api") {
					continue
				}
				if got := answer(x, test.file, strings.Fields(test.names)...); got != test.want {
					t.Errorf("%s gets %s %s, want %s", test.file, test.names, got, test.want)
				}
			}
			if notes := x.Notes(); len(notes) > 0 {
				t.Errorf("notes %v", notes)
			}
		})
	}
}

// TestCases reads the archives of testdata/cases: a repository each, and in the file "want" a line for each question, "PATH NAMES:
// ANSWER", and the notes.
func TestCases(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			t.Parallel()
			f := load(t, archive)
			want := string(f["want"])
			delete(f, "want")
			for p, text := range f {
				if rest, ok := bytes.CutPrefix(text, []byte("<BOM>")); ok {
					f[p] = append([]byte("\xef\xbb\xbf"), rest...)
				}
				if rest, ok := bytes.CutSuffix(f[p], []byte("<cut>\n")); ok {
					f[p] = rest
				}
			}
			x := lock.Open(f, clerks)
			var got strings.Builder
			for line := range strings.Lines(want) {
				question, _, _ := strings.Cut(line, ": ")
				words := strings.Fields(question)
				if len(words) < 2 || words[0] == "note" {
					continue
				}
				fmt.Fprintf(&got, "%s: %s\n", question, answer(x, words[0], words[1:]...))
			}
			for _, n := range x.Notes() {
				fmt.Fprintf(&got, "note %s %s\n", n.Path, n.Text)
			}
			if got.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
		})
	}
}

// TestPlaces: a package is where its package.json names it, behind a byte order mark, comments and escapes too.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{\n  \"dependencies\": {\n    \"@clerk/nextjs\": \"6.0.0\"\n  }\n}\n",
		"\xef\xbb\xbf{\"dependencies\": {\"@clerk/nextjs\": \"6.0.0\"}}",
		"{// @clerk/nextjs\n/* \"@clerk/nextjs\": */ \"devDependencies\": {\"a\": \"ä\", \"@clerk/nextjs\": \"6.0.0\",},}",
	} {
		v, ok := lock.Open(files{"package.json": []byte(text)}, clerks).Through("a.ts", "@clerk/nextjs")
		if want := strings.LastIndex(text, `"@clerk/nextjs"`); !ok || v.Start != want || text[v.Start:v.End] != `"@clerk/nextjs"` {
			t.Errorf("%q: at %d to %d, want %d", text, v.Start, v.End, want)
		}
	}
}

// unread fails where a lockfile is read.
type unread struct {
	files
	t *testing.T
}

func (u unread) Read(p string) ([]byte, bool) {
	if p != "package.json" {
		u.t.Errorf("%s is read", p)
	}
	return u.files.Read(p)
}

// TestLockfilesAreReadForWhatIsWanted: not where no package.json asks for a wanted package, and none of what is installed.
func TestLockfilesAreReadForWhatIsWanted(t *testing.T) {
	t.Parallel()
	f := files{"package.json": []byte(`{"dependencies": {"react": "19.0.0"}}`), "yarn.lock": []byte("<"), "node_modules/a/package.json": []byte("<"), "main.go": []byte("<")}
	if x := lock.Open(unread{f, t}, clerks); len(x.All())+len(x.Notes()) != 0 {
		t.Errorf("%v %v", x.All(), x.Notes())
	}
	for p, want := range map[string]bool{
		"a/package.json": true, "yarn.lock": true, "bun.lockb": true, "a/go.mod": true, "requirements-dev.txt": true, "node_modules/a/package.json": false,
		"vendor/a/go.mod": false, "package.json.bak": false, "a/b": false,
	} {
		if lock.Reads(p) != want {
			t.Errorf("reads %s: %t", p, !want)
		}
	}
}
