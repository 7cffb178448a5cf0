package pack

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// wholly is a scanner that looks at the whole of each text.
type wholly struct{ *detect.Scanner }

func (wholly) IsClean([]byte, *detect.AnchorNotes, []detect.CopiedRange, *detect.AnchorNotes) bool {
	return false
}

// checked is a scanner that holds what it is told of a text against the text that this was made of.
type checked struct {
	*detect.Scanner
	mu      sync.Mutex
	texts   map[*detect.AnchorNotes][]byte
	changes int // texts of which a part was copied from a clean one
	wrong   string
}

func (c *checked) IsClean(text []byte, base *detect.AnchorNotes, copied []detect.CopiedRange, marks *detect.AnchorNotes) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole, end := bytes.Clone(text), 0
	for _, p := range copied {
		of, known := c.texts[base]
		if !known || p.To < end {
			c.wrong = fmt.Sprintf("%+v of %d bytes is not in order", p, len(text))
			return c.Scanner.IsClean(text, base, copied, marks)
		}
		end = p.To + p.Len
		stretch := of[p.From : p.From+p.Len]
		if !bytes.Equal(text[p.To:end], stretch) {
			c.wrong = fmt.Sprintf("%+v of %d bytes is not the same in both", p, len(text))
		}
	}
	clean := c.Scanner.IsClean(text, base, copied, marks)
	if c.Scanner.IsClean(whole, nil, nil, nil) != clean {
		c.wrong = fmt.Sprintf("of %d bytes it says %v, of the whole text not", len(text), clean)
	}
	if clean && len(copied) > 0 {
		c.changes++
	}
	c.texts[marks] = whole
	return clean
}

// TestChangesOfLargeFiles scans a history of large files that differ little, in which keys come, go and are completed by
// changes beside what stays.
func TestChangesOfLargeFiles(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	rng := rand.New(rand.NewPCG(3, 4))
	line := func() string {
		return fmt.Sprintf("  %x:\n    resolution: %x%s\n", rng.Uint64(), rng.Uint64(), []string{"", " CLERK_ ak_"}[rng.IntN(20)/19])
	}
	var lines []string
	for range 3000 {
		lines = append(lines, line())
	}
	key := func(n int) string { return detecttest.Key(int64(n), detect.Live) }
	var heads []string
	for n := range 40 {
		at := rng.IntN(len(lines))
		switch n % 8 {
		case 1: // a key at once, which the next commit takes away
			lines[at] = "key: " + key(n) + "\n"
		case 3: // the first part of one, which the next commit completes, and the next but one takes away
			lines[at] = "key: " + key(n + 1)[:20+rng.IntN(20)] + "\n"
		case 2, 4, 5:
			for i, l := range lines {
				if strings.HasPrefix(l, "key: ") {
					lines[i] = []string{2: line(), 4: "key: " + key(n) + "\n", 5: line()}[n%8]
				}
			}
		default:
			lines[at] = line()
			i := rng.IntN(len(lines) - 600)
			lines = append(append(lines[:i:i], lines[i+600:]...), lines[i:i+600]...)
		}
		heads = append(heads, r.Commit(fmt.Sprint(n), map[string]string{
			"lock.yaml": strings.Join(lines, ""),
			// Where nothing has an anchor.
			"plain.yaml": strings.Join(slices.DeleteFunc(slices.Clone(lines[:2000]), func(l string) bool { return strings.Contains(l, "CLERK_") }), ""),
		}))
	}
	pack := r.pack(heads[len(heads)-1:], nil, "--delta-base-offset", "--window=20", "--depth=30")
	scan := func(e examiner) Report {
		report, err := open(t, pack, Options{}).scan(t.Context(), e, Range{Heads: heads[len(heads)-1:]})
		if err != nil {
			t.Fatal(err)
		}
		report.Stats.Duration = 0
		return report
	}
	scanner := detect.New(detect.Options{})
	c := checked{Scanner: scanner, texts: map[*detect.AnchorNotes][]byte{}}
	got, want := scan(&c), scan(wholly{scanner})
	if c.wrong != "" {
		t.Error(c.wrong)
	}
	if c.changes < 5 {
		t.Errorf("only %d texts were read in part", c.changes)
	}
	if len(want.Sightings) < 8 {
		t.Errorf("only %d findings", len(want.Sightings))
	}
	equal := cmp.Comparer(func(a, b detect.Secret) bool { return a.Fingerprint() == b.Fingerprint() })
	if d := cmp.Diff(want, got, equal, cmp.AllowUnexported(detect.Finding{})); d != "" {
		t.Errorf("read in part (-whole +part):\n%s", d)
	}
}

// TestCopiesAreNoBase: of an object that another pack is asked for nothing is noted, and so nothing taken from it.
func TestCopiesAreNoBase(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	rng := rand.New(rand.NewPCG(5, 6))
	lines := func(n int) string {
		var s strings.Builder
		for range n {
			fmt.Fprintf(&s, "%x %x\n", rng.Uint64(), rng.Uint64())
		}
		return s.String()
	}
	base := lines(1000) + detecttest.Key(1, detect.Live) + "\n" + lines(1000)
	r.Commit("one", map[string]string{"a": base, "x": lines(500)})
	r.Commit("two", map[string]string{"a": base[:len(base)-500]})
	r.Commit("three", map[string]string{"a": base[:len(base)-900], "x": lines(600)})
	object := func(name string) string {
		return strings.TrimSpace(r.Git("", "rev-parse", name)) + " " + name[len(name)-1:] + "\n"
	}
	for n, change := range []string{"HEAD~1:a", "HEAD:a"} {
		r.Git(object("HEAD~2:a")+object(change)+object([]string{"HEAD~2:x", "HEAD:x"}[n]), "pack-objects", "-q", ".git/objects/pack/pack")
	}
	r.Git("", "prune-packed", "-q")
	opened, err := OpenRepository(t.Context(), r.Dir, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	report, err := opened.Scan(t.Context(), detect.New(detect.Options{}), Range{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Sightings) != 3 {
		t.Errorf("the key is found in %d of 3 versions of the file", len(report.Sightings))
	}
}
