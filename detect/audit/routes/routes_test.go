package routes_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/audit/audittest"
	"github.com/rekey-app/rekey/detect/audit/routes"
)

// update writes what is found into the archives: go test ./detect/audit/routes -update. Read the difference.
var update = flag.Bool("update", false, "write the maps of testdata")

// TestMaps works out the maps of the trees in testdata. Each archive has its map as its file "map": a route a line, with all that was seen
// of it below.
func TestMaps(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 3 {
		t.Fatal(archives, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, at := audittest.Files{}, -1
			for i, file := range archive.Files {
				if file.Name == "map" {
					at = i
				} else {
					files[file.Name] = file.Data
				}
			}
			if at < 0 {
				t.Fatal("there is no map")
			}
			got := written(routes.Of(t.Context(), files))
			if *update {
				archive.Files[at].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(archive.Files[at].Data); got != want {
				t.Errorf("the map is\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func written(m routes.Map) string {
	var b bytes.Buffer
	framework, app := "", ""
	for _, r := range m.Routes {
		if r.Framework != framework || r.App != app {
			framework, app = r.Framework, r.App
			fmt.Fprintf(&b, "# %s %s\n", framework, app)
		}
		answers := r.Method
		if answers == "" {
			answers = string(r.Kind)
		}
		fmt.Fprintf(&b, "%s %s: %s (%s:%d)\n", answers, r.Path, r.State, r.File, r.Line)
		for _, e := range r.Evidence {
			at := e.File
			if e.Line > 0 {
				at = fmt.Sprintf("%s:%d", e.File, e.Line)
			}
			fmt.Fprintf(&b, "    %s (%s)\n", e.What, at)
		}
	}
	for _, n := range m.Notes {
		fmt.Fprintf(&b, "note %s: %s\n", n.Path, n.What)
	}
	return b.String()
}

// TestAnyTextIsTaken: files that are cut, or put together from parts of others, have a map or none, and nothing breaks.
func TestAnyTextIsTaken(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var trees []*txtar.Archive
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		trees = append(trees, archive)
	}
	rapid.Check(t, func(t *rapid.T) {
		files := audittest.Files{}
		for _, file := range rapid.SampledFrom(trees).Draw(t, "tree").Files {
			lines := strings.SplitAfter(string(file.Data), "\n")
			if !strings.HasSuffix(file.Name, ".json") {
				from := rapid.IntRange(0, len(lines)).Draw(t, "from")
				to := rapid.IntRange(from, min(len(lines), from+3)).Draw(t, "to")
				lines = slices.Delete(lines, from, to)
			}
			files[file.Name] = []byte(strings.Join(lines, ""))
		}
		for _, r := range routes.Of(t.Context(), files).Routes {
			if !slices.Contains(routes.States(), r.State) || r.File == "" || r.Path == "" || r.Line < 1 {
				t.Fatalf("%+v", r)
			}
		}
	})
}

// TestNobodyWaits: a map that nobody waits for any more is not worked out.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files := audittest.Files{
		"package.json": []byte(`{"dependencies":{"next":"16"}}`), "app/page.tsx": []byte("export default function Page() { return null; }"),
	}
	m := routes.Of(ctx, files)
	if len(m.Routes) != 1 || m.Routes[0].State != routes.Unknown || len(m.Notes) > 0 {
		t.Errorf("%+v", m)
	}
}

// TestTheMapNeverSaysThatARouteIsOpen: it says what it saw.
func TestTheMapNeverSaysThatARouteIsOpen(t *testing.T) {
	t.Parallel()
	for _, state := range routes.States() {
		if strings.Contains(string(state), "unprotected") || strings.Contains(string(state), "open") {
			t.Errorf("a state is %q", state)
		}
	}
}
