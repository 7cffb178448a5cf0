package pack

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
)

// addCommit adds a commit of a tree and returns its id.
func (b *builder) addCommit(n int, tree id, parents ...id) id {
	text := "tree " + tree.String() + "\n"
	for _, p := range parents {
		text += "parent " + p.String() + "\n"
	}
	text += fmt.Sprintf("author A <a@x> %d +0000\ncommitter A <a@x> %d +0000\n\ncommit %d", n, n, n)
	b.object(commitKind, text)
	return hashObject(commitKind, []byte(text))
}

func (b *builder) addBlob(text string) id {
	b.object(blobKind, text)
	return hashObject(blobKind, []byte(text))
}

type line struct {
	mode, name string
	id         id
}

func (b *builder) addTree(lines ...line) id {
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.mode + " " + l.name + "\x00" + string(l.id[:]))
	}
	b.object(treeKind, text.String())
	return hashObject(treeKind, []byte(text.String()))
}

func TestOddTrees(t *testing.T) {
	t.Parallel()
	b := newBuilder(3)
	blob := b.addBlob(mark(1))
	tree := b.addTree(
		line{"100644", "a\nb", blob}, line{"100664", "old mode", blob}, line{"177777", "no such mode", blob},
		line{"0100644", "zero", blob}, line{"120000", "link", blob}, line{"160000", "module", blob},
		line{"100644", "..", blob}, line{"100644", "\xff`@x", blob}, line{"100644", "twice", blob}, line{"100644", "twice", blob},
		line{"40000", "is a blob", blob}, line{"40000", "not here", id{9}},
	)
	commit := b.addCommit(1, tree).String()
	var paths []string
	for _, s := range scanMarks(t, b.done(), Options{}, commit).Sightings {
		if s.Commit != commit || !s.AtHead {
			t.Errorf("%q: commit %s, at head %v", s.Path, s.Commit, s.AtHead)
		}
		paths = append(paths, s.Path)
	}
	want := []string{"..", "a\nb", "link", "no such mode", "old mode", "twice", "twice", "zero", "\xff`@x"}
	if d := cmp.Diff(want, paths); d != "" {
		t.Errorf("paths (-want +got):\n%s", d)
	}
}

// A tree of ten times itself, forty levels deep, has more paths than can be counted.
func TestPathBomb(t *testing.T) {
	t.Parallel()
	b := newBuilder(2 + 2*(1+40) + 3)
	blob, other := b.addBlob(mark(1)), b.addBlob("other")
	build := func(lines ...line) id {
		tree := b.addTree(lines...)
		for range 40 {
			var level []line
			for i := range 10 {
				level = append(level, line{"40000", fmt.Sprint(i), tree})
			}
			tree = b.addTree(level...)
		}
		return tree
	}
	before := build(line{"100644", "key", blob})
	after := build(line{"100644", "key", blob}, line{"100644", "other", other})
	first := b.addCommit(1, before)
	second := b.addCommit(2, after, first)
	b.addCommit(3, after, second)
	report := scanMarks(t, b.done(), Options{MaxSightings: 50})
	if len(report.Sightings) != 50 || len(report.Skipped) != 1 || report.Skipped[0].Object != first.String() {
		t.Errorf("%d sightings, skipped %v", len(report.Sightings), report.Skipped)
	}

	// What differs everywhere and brings no finding anywhere is compared once for each pair of trees.
	b = newBuilder(2 + 2*(1+40) + 2)
	blob, other = b.addBlob(mark(1)), b.addBlob("other")
	before = build(line{"100644", "key", blob})
	after = build(line{"100644", "key", blob}, line{"100644", "other", other})
	first = b.addCommit(2, before)
	b.addCommit(1, after, first)
	report = scanMarks(t, b.done(), Options{MaxSightings: 50})
	if len(report.Sightings) != 50 || report.Skipped[0].Object != first.String() {
		t.Errorf("%d sightings, skipped %v", len(report.Sightings), report.Skipped)
	}
}

func TestDeepTree(t *testing.T) {
	t.Parallel()
	const depth = maxDepth + 10
	b := newBuilder(2 + depth + 1)
	blob := b.addBlob(mark(1))
	tree := b.addTree(line{"100644", "key", blob})
	for range depth {
		tree = b.addTree(line{"40000", "d", tree})
	}
	commit := b.addCommit(1, tree)
	report := scanMarks(t, b.done(), Options{})
	if len(report.Sightings) != 1 || report.Sightings[0].Blob != blob.String() || report.Sightings[0].Path != "" {
		t.Errorf("sightings: %v", report.Sightings)
	}
	if len(report.Skipped) != 1 || report.Skipped[0].Object != commit.String() {
		t.Errorf("skipped: %v", report.Skipped)
	}
}

// A repository's index may lie about ids, so that a tree holds itself.
func TestTreeHoldsItself(t *testing.T) {
	t.Parallel()
	self, commitID, blob := id{7}, id{8}, hashObject(blobKind, []byte(mark(1)))
	h := history{
		scan:    &scan{opts: Options{}.withDefaults()},
		hits:    map[id]hit{blob: {id: blob, kind: blobKind}},
		commits: map[id]*commit{commitID: {id: commitID, tree: self}},
		trees:   []node{{{"again", 0, true}, {"key", 0, false}}},
		blobIDs: []id{blob},
	}
	h.numbers.number(&self)
	emitted := 0
	if h.introduced(h.commits[commitID], func([]string, id) bool { emitted++; return emitted < 100_000 }) {
		t.Errorf("a circle was walked to its end")
	}
	if emitted > maxDepth+1 {
		t.Errorf("%d paths", emitted)
	}
}

// What is kept of trees has a bound, be it one tree or many that hold others.
func TestManyTrees(t *testing.T) {
	t.Parallel()
	const many = 20_000
	b := newBuilder(4)
	blob := b.addBlob(mark(1))
	leaf := b.addTree(line{"100644", "key", blob})
	lines := make([]line, many)
	for i := range lines {
		lines[i] = line{"40000", fmt.Sprintf("%06d", i), leaf}
	}
	b.addCommit(1, b.addTree(lines...))
	for limit, want := range map[int64]int{0: many, 1 << 20: 0} {
		report := scanMarks(t, b.done(), Options{MaxTrees: limit, MaxPlaces: many, Workers: 1})
		named := slices.ContainsFunc(report.Skipped, func(s Skipped) bool { return s.Object == "trees" })
		if cut := len(report.Sightings) < many; len(report.Sightings) < 2 || named != cut || cut != (want == 0) {
			t.Errorf("limit %d: %d sightings, skipped %v", limit, len(report.Sightings), report.Skipped)
		}
	}
}

// TestFilesOfLargeTrees: where the trees are too many to be held, level by level comes to the same.
func TestFilesOfLargeTrees(t *testing.T) {
	t.Parallel()
	b := newBuilder(1 + 40 + 1 + 1)
	blob := b.addBlob("text")
	var root []line
	for i := range 40 {
		var lines []line
		for n := range 50 {
			lines = append(lines, line{"100644", fmt.Sprintf("file%02d", n), blob})
		}
		root = append(root, line{"40000", fmt.Sprintf("dir%02d", i), b.addTree(append(lines, line{"100644", fmt.Sprint("own", i), blob})...)})
	}
	tree := b.addTree(append(root, line{"100644", "README.md", blob}, line{"100644", strings.Repeat("x", 2000), blob})...)
	b.addCommit(1, tree)
	p := open(t, b.done(), Options{Workers: 2})
	held, err := p.list(t.Context(), tree, 10_000, 1<<20)
	if err != nil || len(held) != 40*51+1 || held[0].Path != "README.md" {
		t.Fatalf("%d files, %v", len(held), err)
	}
	again, err := p.list(t.Context(), tree, 10_000, 1000)
	if err != nil || !slices.Equal(held, again) {
		t.Errorf("level by level: %d files, %v", len(again), err)
	}
	if few, err := p.list(t.Context(), tree, 100, 1000); err != nil || len(few) != 100 {
		t.Errorf("limited: %d files, %v", len(few), err)
	}
}

// TestManyCredentials: over the limit the most urgent stay, and it is said that there are more.
func TestManyCredentials(t *testing.T) {
	t.Parallel()
	b := newBuilder(101)
	for i := range 100 {
		b.addBlob(mark(i))
	}
	live := b.addBlob("live " + mark(999))
	p := open(t, b.done(), Options{MaxFindings: 10, Workers: 1})
	report, err := p.scan(t.Context(), graded, Range{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Sightings) != 10 || !slices.ContainsFunc(report.Sightings, func(s Sighting) bool { return s.Blob == live.String() }) {
		t.Errorf("%d sightings: %v", len(report.Sightings), report.Sightings)
	}
	if len(report.Skipped) != 1 || !report.Skipped[0].Limit || !strings.Contains(report.Skipped[0].Reason, "91 findings") {
		t.Errorf("skipped %v", report.Skipped)
	}
}

// graded finds marks that are urgent where the text says live.
var graded finder = func(text []byte) detect.Result {
	r := findMarks(text)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Severity, f.Environment = detect.MediumSeverity, detect.Test
		if strings.HasPrefix(string(text), "live") {
			f.Severity, f.Environment = detect.CriticalSeverity, detect.Live
		}
		f.Allowed = strings.Contains(string(text), "allow")
	}
	return r
}

// TestDecoysHideNothing: one credential at very many places, in one blob and in many, beside one that counts.
func TestDecoysHideNothing(t *testing.T) {
	t.Parallel()
	b := newBuilder(403)
	var lines []line
	for i := range 400 {
		lines = append(lines, line{"100644", fmt.Sprintf("decoy%03d", i), b.addBlob(fmt.Sprintf("allow %d %s", i, strings.Repeat(mark(1), 50)))})
	}
	secret := b.addBlob("live " + mark(2))
	head := b.addCommit(1, b.addTree(append(lines, line{"100644", "prod.env", secret})...))
	p := open(t, b.done(), Options{MaxFindings: 100, MaxPlaces: 20, MaxSightings: 30})
	report, err := p.scan(t.Context(), graded, Range{Heads: []string{head.String()}})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, s := range report.Sightings {
		count[s.Path]++
	}
	if count["prod.env"] != 1 || len(report.Sightings) > 30 || len(report.Skipped) != 0 {
		t.Errorf("%d sightings, %d of them of the key; skipped %v", len(report.Sightings), count["prod.env"], report.Skipped)
	}
	total := len(report.Sightings) - 1
	for _, m := range report.More {
		total += m.Places
		if !m.Paths {
			t.Errorf("paths were left out, and that is not said: %+v", m)
		}
	}
	if len(report.More) != 1 || total != 400*50 {
		t.Errorf("%d places of the decoy are accounted for: %+v", total, report.More)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	b := newBuilder(2)
	at := b.object(blobKind, strings.Repeat("x", 1000))
	b.ofs(at, delta(1000, mark(1)))
	for name, opts := range map[string]Options{
		"pack": {MaxPack: 50}, "objects": {MaxObjects: 1}, "inflated": {MaxInflated: 999},
	} {
		if err := tryOpen(t, strings.NewReader(string(b.done())), opts); !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLargeBlobs: a blob over the limit is read as it comes; what is made from one is left out, and that is said.
func TestLargeBlobs(t *testing.T) {
	t.Parallel()
	b := newBuilder(6)
	large := b.addBlob(strings.Repeat("x", 5000) + mark(1))
	small := b.addBlob(mark(2))
	at := b.object(blobKind, strings.Repeat("y", 4000))
	b.ofs(at, delta(4000, mark(3)))
	head := b.addCommit(1, b.addTree(line{"100644", "large", large}, line{"100644", "small", small}))
	p := open(t, b.done(), Options{MaxObject: 1000})
	report, err := p.scan(t.Context(), findMarks, Range{Heads: []string{head.String()}})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range report.Sightings {
		paths = append(paths, s.Path)
	}
	if !slices.Equal(paths, []string{"large", "small"}) || report.Stats.Bytes < 5000 {
		t.Errorf("found in %q of %d bytes", paths, report.Stats.Bytes)
	}
	if len(report.Skipped) != 1 || !report.Skipped[0].Limit || !strings.Contains(report.Skipped[0].Reason, "with it 1 that") {
		t.Errorf("skipped %v", report.Skipped)
	}
	for name, want := range map[id]int{large: 5000 + len(mark(1)), small: len(mark(2))} {
		n := 0
		err := p.Visit(t.Context(), name.String(), func(text []byte, r io.Reader) error {
			if n = len(text); r != nil {
				text, err := io.ReadAll(r)
				n = len(text)
				return err
			}
			return nil
		})
		if err != nil || n != want {
			t.Errorf("%d bytes, want %d: %v", n, want, err)
		}
	}
	if err := p.Visit(t.Context(), id{9}.String(), func([]byte, io.Reader) error { return nil }); !errors.Is(err, ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
	stop := errors.New("enough")
	if err := p.Visit(t.Context(), large.String(), func([]byte, io.Reader) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("stopped: %v", err)
	}
}

// TestTotalIsReached: what was found until then is reported, with what was not read.
func TestTotalIsReached(t *testing.T) {
	t.Parallel()
	b := newBuilder(401)
	live := b.addBlob(mark(1))
	for i := range 400 {
		at := b.object(blobKind, fmt.Sprintf("%0200d", i))
		_ = at
	}
	p := open(t, b.done(), Options{Workers: 1})
	p.opts.MaxInflated = 50_000
	report, err := p.scan(t.Context(), findMarks, Range{})
	if err != nil || len(report.Sightings) != 1 || report.Sightings[0].Blob != live.String() {
		t.Fatalf("%v, %v", report.Sightings, err)
	}
	if len(report.Skipped) != 1 || !report.Skipped[0].Limit {
		t.Errorf("skipped %v", report.Skipped)
	}
}
