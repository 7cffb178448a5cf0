package pack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func scanMarks(t testing.TB, data []byte, opts Options, heads ...string) Report {
	t.Helper()
	report, err := open(t, data, opts).scan(context.Background(), findMarks, Range{Heads: heads})
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return report
}

func TestPush(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	before := r.Commit("one", map[string]string{"a.txt": "nothing", "b/c.txt": "old " + mark(1)})
	leak := r.Commit("two", map[string]string{"b/c.txt": "new\n " + mark(2), "b/d/e.txt": mark(2)})
	after := r.Commit("three "+mark(3), map[string]string{"b/c.txt": "gone"})
	r.Git("", "tag", "-a", "v1", "-m", "tag "+mark(4))
	tagID := strings.TrimSpace(r.Git("", "rev-parse", "v1"))

	report := scanMarks(t, r.pack([]string{tagID}, []string{before}, "--delta-base-offset"), Options{}, tagID)
	if want := map[string]string{tagID: after}; !cmp.Equal(report.Peeled, want) {
		t.Errorf("Peeled is %v, want %v", report.Peeled, want)
	}
	if d := cmp.Diff(r.introduced([]string{leak, after}), rows(report)); d != "" {
		t.Errorf("sightings differ (-git +pack):\n%s", d)
	}
	if got := report.Stats; got.Commits != 2 || got.Tags != 1 || got.Blobs != 3 || got.Trees != 5 {
		t.Errorf("stats are %+v", got)
	}
	atHead := map[string]bool{}
	for _, s := range report.Sightings {
		atHead[string(s.Source)+" "+s.Path] = s.AtHead
		if s.Source != InTag && (s.Author.Name != "Ann" || s.Author.Email != "ann@example.org" || s.Author.When.Unix() != 1700000000) {
			t.Errorf("author of %s is %+v", s.Path, s.Author)
		}
		if s.Source == InTag && (s.Author.Name != "Com" || s.Commit != after || s.Blob != tagID) {
			t.Errorf("tag's sighting is %+v", s)
		}
	}
	want := map[string]bool{"blob b/c.txt": false, "blob b/d/e.txt": true, "message ": true, "tag ": false}
	if d := cmp.Diff(want, atHead); d != "" {
		t.Errorf("AtHead (-want +got):\n%s", d)
	}
}

// TestProgress holds that both the arrival and the scan are told as they go, and to their ends.
func TestProgress(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	files := map[string]string{}
	noise := make([]byte, 512<<10)
	random := rand.NewChaCha8([32]byte{1})
	for i := range 6 {
		random.Read(noise)
		files[fmt.Sprint("file", i)] = string(noise)
	}
	head := r.Commit("noise", files)
	data := r.pack([]string{head}, nil)
	var arriving, scanning []Progress
	scanMarks(t, data, Options{Workers: 2, Progress: func(p Progress) {
		if p.Arriving {
			arriving = append(arriving, p)
			return
		}
		scanning = append(scanning, p)
	}}, head)
	if len(arriving) < 3 {
		t.Errorf("%d MiB arrived, told %d times", len(data)>>20, len(arriving))
	}
	if last := arriving[len(arriving)-1]; last != (Progress{Arriving: true, Objects: 8, Total: 8, Bytes: int64(len(data))}) {
		t.Errorf("at last arrived %+v", last)
	}
	for i := 1; i < len(arriving); i++ {
		if a, b := arriving[i-1], arriving[i]; b.Objects < a.Objects || b.Bytes < a.Bytes || b.Total != a.Total {
			t.Errorf("%+v arrived, then %+v", a, b)
		}
	}
	if len(scanning) == 0 || scanning[len(scanning)-1].Objects != 8 {
		t.Errorf("the scan told %+v", scanning)
	}
}
