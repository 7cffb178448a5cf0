package text

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/respondtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// What most tests are about; see [respondtest].
var (
	shop, monday, head = respondtest.Shop, respondtest.Monday, respondtest.Head
	introduced         = respondtest.Introduced

	leak, sighting, at, pushScan = respondtest.Leak, respondtest.Sighting, respondtest.At, respondtest.PushScan
	with, filed, revoked         = respondtest.With, respondtest.Filed, respondtest.Revoked
)

func facts(sightings ...respond.HeadSighting) CheckFacts {
	return CheckFacts{Repository: shop, Head: head, Scans: []respond.Scan{pushScan()}, Sightings: sightings, Policy: respond.DefaultPolicy()}
}

// showCheck writes a check run as a text for golden files.
func showCheck(f CheckFacts) string {
	run, _ := Check(f)
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s: %s\n\n%s\n", run.Name, run.Conclusion, run.Title, run.Summary)
	for _, a := range run.Annotations {
		fmt.Fprintf(&b, "\nannotation: %s %s:%d:%d-%d:%d\n%s\n%s\n", a.Level, a.Path, a.StartLine, a.StartColumn, a.EndLine, a.EndColumn, a.Title, a.Message)
	}
	for _, a := range run.Buttons {
		fmt.Fprintf(&b, "\nbutton: [%s] %s (%s)", a.Label, a.Description, a.Identifier)
	}
	return b.String() + "\n"
}
