package pack

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
)

// TestRealRepository compares with git on a repository that is given:
//
//	REKEY_TEST_REPOSITORY=/path/to/repository.git go test -run RealRepository ./detect/pack
//
// With REKEY_TEST_TEXT set, every blob that holds that text counts as found, which gives more to compare. A repository
// of tens of thousands of commits takes git some minutes.
func TestRealRepository(t *testing.T) {
	dir := os.Getenv("REKEY_TEST_REPOSITORY")
	if dir == "" {
		t.Skip("REKEY_TEST_REPOSITORY names no repository")
	}
	r := repoIn(t, dir)
	opened, err := OpenRepository(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	var e examiner = detect.New(detect.Options{})
	if text := os.Getenv("REKEY_TEST_TEXT"); text != "" {
		e = finder(func(blob []byte) (r detect.Result) {
			if bytes.Contains(blob, []byte(text)) {
				r.Findings = make([]detect.Finding, 1)
			}
			return r
		})
	}
	opened.opts.MaxSightings = 10_000_000
	report, err := opened.scan(t.Context(), e, Range{})
	if err != nil {
		t.Fatal(err)
	}
	marked := map[string]bool{}
	for _, s := range report.Sightings {
		if s.Source == InBlob {
			marked[s.Blob] = true
		}
	}
	commits := strings.Fields(r.Git("", "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)"))
	var all []string
	counts := map[string]int{}
	for i := 0; i < len(commits); i += 2 {
		counts[commits[i]]++
		if commits[i] == "commit" {
			all = append(all, commits[i+1])
		}
	}
	s := report.Stats
	if s.Commits != counts["commit"] || s.Trees != counts["tree"] || s.Blobs != counts["blob"] || s.Tags != counts["tag"] {
		t.Errorf("stats are %+v, git counts %v", s, counts)
	}
	var placed []row
	for _, row := range rows(report) {
		if row.Commit != "" {
			placed = append(placed, row)
		}
	}
	want := r.introducedOf(all, marked)
	if d := cmp.Diff(want, placed); d != "" {
		t.Errorf("sightings differ (-git +repository):\n%s", d)
	}
	t.Logf("%d sightings of %d blobs agree; %+v", len(want), len(marked), s)
	for _, skipped := range report.Skipped {
		t.Logf("skipped: %s: %s", skipped.Object, skipped.Reason)
	}
}
