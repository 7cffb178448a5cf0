package literal

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestPlacementsAsText(t *testing.T) {
	t.Parallel()
	literals := append(forms(), "a b\n\"c\"", "\x00\x01\x02\x7f")
	p := placed(literals)
	again, err := ParsePlacements(p.String())
	if err != nil || !maps.Equal(p, again) {
		t.Fatalf("%v: read again, %v is %v", err, p, again)
	}
	for _, text := range []string{"", "abcd 0 0", `"abcd" 0`, `"abcd" x 1`, `"abcd`} {
		if p, err := ParsePlacements(text); err == nil {
			t.Errorf("ParsePlacements(%q) = %v", text, p)
		}
	}
}

func TestCompileRefusesPlacements(t *testing.T) {
	t.Parallel()
	for _, p := range []Placements{{}, {"abcde": {2, 0}}, {"abcde": {-1, 0}}, {"abcde": {0, 8}}, {"abcde": {0, -1}}} {
		if _, err := Compile([]string{"abcde"}, p); err == nil {
			t.Errorf("placements %v were accepted", p)
		}
	}
	if _, err := Compile([]string{"abcde"}, Placements{"abcde": {1, 7}}); err != nil {
		t.Error(err)
	}
}

var (
	annealFile = flag.String("anneal", "", "file of placements to find better ones for")
	annealDirs = flag.String("source", "", "directories of source, comma-separated, that the search is to be fast on")
)

// TestAnneal holds that what anneal finds is the same each time, names every literal, and stops less often than any
// placements. With flags it writes a file of placements: a literal that is new is added to the file with any placement before.
//
//	go test ./detect/literal -run TestAnneal -timeout 1h -anneal ../anchors.placement -source DIR,DIR
//
// It takes a quarter of an hour. The directories should hold source in many languages, and texts that mention Clerk.
func TestAnneal(t *testing.T) {
	t.Parallel()
	if *annealFile != "" {
		annealInto(t, *annealFile)
		return
	}
	text := strings.Repeat("task_type := disk_lib[mask_key] // a deliverable, the latest_thing ", 100)
	list := samples([]byte(text), 1)
	p, cost := anneal(forms(), list, 2000, 1)
	again, _ := anneal(forms(), list, 2000, 1)
	if !maps.Equal(p, again) {
		t.Error("the same seed gives other placements")
	}
	if len(p) != len(forms()) {
		t.Errorf("%d placements for %d literals", len(p), len(forms()))
	}
	if _, err := Compile(forms(), p); err != nil {
		t.Error(err)
	}
	a := newAnnealer(forms(), list)
	for i, l := range forms() {
		a.at[i] = placed(forms())[l]
	}
	unplanned := 0.0
	for b := range groups {
		unplanned += a.cost(b)
	}
	if cost*2 > unplanned {
		t.Errorf("annealed to %f, any placements cost %f", cost, unplanned)
	}
}

func annealInto(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	old, err := ParsePlacements(string(text))
	if err != nil {
		t.Fatal(err)
	}
	literals := slices.Sorted(maps.Keys(old))
	list := sampled(t, strings.Split(*annealDirs, ","))
	// One run may end in a corner: of several the best.
	var best Placements
	least := 0.0
	for seed := range uint64(2) {
		p, cost := anneal(literals, list, 900_000, seed)
		t.Logf("%s, seed %d: stops at one place in %.0f", name, seed, 1/cost)
		if best == nil || cost < least {
			best, least = p, cost
		}
	}
	if err := os.WriteFile(name, []byte(best.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// sampled samples directories, and texts without words, which count for little: where there is much to stop at, the search
// does not stop.
func sampled(t *testing.T, dirs []string) (list []sample) {
	t.Helper()
	const most = 24 << 20
	for _, dir := range dirs {
		var text []byte
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || len(text) > most {
				return err
			}
			content, err := os.ReadFile(path)
			if len(content) < 4<<20 && !slices.Contains(content, 0) {
				text = append(text, content...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", dir, len(text))
		list = append(list, samples(text, 0.9/float64(len(dirs)))...)
	}
	raw := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{1}).Read(raw)
	list = append(list, samples([]byte(base64.StdEncoding.EncodeToString(raw)), 0.06)...)
	list = append(list, samples([]byte(hex.EncodeToString(raw)), 0.02)...)
	for i, c := range raw {
		if c > 170 {
			raw[i] = 0
		}
	}
	return append(list, samples(raw, 0.02)...)
}

// String returns them as text, a line a literal, ordered by buckets.
func (p Placements) String() string {
	literals := make([]string, 0, len(p))
	for l := range p {
		literals = append(literals, l)
	}
	slices.SortFunc(literals, func(a, b string) int {
		if p[a].Bucket != p[b].Bucket {
			return p[a].Bucket - p[b].Bucket
		}
		return strings.Compare(a, b)
	})
	var s strings.Builder
	for _, l := range literals {
		fmt.Fprintf(&s, "%q %d %d\n", l, p[l].Offset, p[l].Bucket)
	}
	return s.String()
}
