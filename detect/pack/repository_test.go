package pack

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func scanRepository(t tb, path string) Report {
	t.Helper()
	r, err := OpenRepository(background, path, Options{})
	if err != nil {
		t.Fatalf("OpenRepository: %v", err)
	}
	defer r.Close()
	report, err := r.scan(background, findMarks, Range{})
	if err != nil {
		t.Fatalf("Scan: %v", err)
	}
	return report
}

// Whatever way the objects are stored, the report is what git says.
func TestRepositoryHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, commits := drawHistory(rt, tempDir(t, rt))
		for range rapid.IntRange(0, 3).Draw(rt, "packs") {
			// Packs that overlap, in any order, beside loose objects.
			some := rapid.SliceOfNDistinct(rapid.SampledFrom(commits), 1, -1, rapid.ID[string]).Draw(rt, "some")
			args := append([]string{"pack-objects", "-q", "--revs", "objects/pack/pack"}, rapid.SampledFrom(packArgs).Draw(rt, "args")...)
			r.Git(strings.Join(some, "\n")+"\n", args...)
		}
		switch rapid.IntRange(0, 5).Draw(rt, "store") {
		case 0:
			unpackAll(rt, r)
		case 1:
			r.Git("", "repack", "-q", "-a", "-d", "-f", "--depth=250", "--window=50")
		case 2:
			if glob(rt, r.Dir, "objects/pack/*.pack") != nil {
				r.Git("", "multi-pack-index", "write")
			}
		case 3:
			for _, name := range glob(rt, r.Dir, "objects/pack/*.idx") {
				must(rt, os.Remove(name))
			}
		}
		report := scanRepository(rt, r.Dir)
		if len(report.Skipped) > 0 {
			rt.Fatalf("skipped: %v", report.Skipped)
		}
		for _, name := range glob(rt, r.Dir, "objects/pack/*.pack") {
			if _, err := os.Stat(strings.TrimSuffix(name, ".pack") + ".idx"); err != nil {
				r.Git("", "index-pack", name)
			}
		}
		if d := cmp.Diff(r.allRows(commits), rows(report)); d != "" {
			rt.Fatalf("sightings differ (-git +repository):\n%s", d)
		}
		checkRefs(rt, r, report)
		checkMessages(rt, r, report, commits)
	})
}

// allRows is introduced for a repository's own store, in which blobs without commits count too.
func (r repo) allRows(commits []string) []row {
	want := r.introduced(commits)
	for blob := range r.marked() {
		if !slices.ContainsFunc(want, func(w row) bool { return w.Blob == blob }) {
			want = append(want, row{Blob: blob})
		}
	}
	return sorted(want)
}

func checkRefs(t tb, r repo, report Report) {
	t.Helper()
	at := map[string][]string{}
	for ref := range strings.FieldsSeq(r.Git("", "for-each-ref", "--format=%(refname)")) {
		for line := range strings.SplitSeq(r.Git("", "ls-tree", "-r", "-z", ref), "\x00") {
			if meta, path, ok := strings.Cut(line, "\t"); ok {
				key := strings.Fields(meta)[2] + " " + path
				at[key] = append(at[key], ref)
			}
		}
	}
	for _, s := range report.Sightings {
		if s.Source == InBlob && s.Commit != "" && !slices.Equal(s.Refs, at[s.Blob+" "+s.Path]) {
			t.Fatalf("refs of %q are %q, git says %q", s.Path, s.Refs, at[s.Blob+" "+s.Path])
		}
	}
}

// unpackAll stores every object in a file of its own.
func unpackAll(t tb, r repo) {
	for _, name := range glob(t, r.Dir, "objects/pack/*.pack") {
		aside := filepath.Join(r.Dir, "aside")
		must(t, os.Rename(name, aside))
		must(t, os.Remove(strings.TrimSuffix(name, ".pack")+".idx"))
		b, err := os.ReadFile(aside)
		must(t, err)
		r.Git(string(b), "unpack-objects", "-q")
		must(t, os.Remove(aside))
	}
}

func glob(t tb, dir, pattern string) []string {
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	must(t, err)
	return names
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("one", map[string]string{"a": "old " + mark(1)})
	last := r.Commit("two", map[string]string{"a": mark(2), "sub/b": "text"})
	r.Git("", "branch", "other", "HEAD~1")
	r.Git("", "worktree", "add", "-q", "--detach", "../linked-"+filepath.Base(r.Dir), "other")
	linked := filepath.Join(filepath.Dir(r.Dir), "linked-"+filepath.Base(r.Dir))
	t.Cleanup(func() { os.RemoveAll(linked) })
	parent := t.TempDir()
	r.Git("", "clone", "-q", "--bare", r.Dir, filepath.Join(parent, "bare.git"))
	r.Git("", "clone", "-q", "--shared", r.Dir, filepath.Join(parent, "shared"))
	r.Git("", "clone", "-q", "--separate-git-dir", filepath.Join(parent, "apart"), r.Dir, filepath.Join(parent, "separate"))

	all := r.introduced(strings.Fields(r.Git("", "rev-list", "--all")))
	for _, path := range []string{r.Dir, filepath.Join(r.Dir, "sub"), filepath.Join(r.Dir, ".git"), linked, filepath.Join(parent, "bare.git"), filepath.Join(parent, "shared"), filepath.Join(parent, "separate")} {
		report := scanRepository(t, path)
		if d := cmp.Diff(all, rows(report)); d != "" {
			t.Errorf("%s (-git +repository):\n%s", path, d)
		}
		for _, s := range report.Sightings {
			if want := (s.Commit == last) != (path == linked); s.AtHead != want {
				t.Errorf("%s: AtHead of the blob of %s is %v", path, s.Commit, s.AtHead)
			}
		}
	}
	if _, err := OpenRepository(background, parent, Options{}); !errors.Is(err, ErrNoRepository) {
		t.Errorf("no repository: %v", err)
	}
	sha256 := filepath.Join(parent, "sha256")
	r.Git("", "init", "-q", "--object-format=sha256", sha256)
	if _, err := OpenRepository(background, sha256, Options{}); !errors.Is(err, ErrSHA256) {
		t.Errorf("sha256: %v", err)
	}
	empty := filepath.Join(parent, "empty")
	r.Git("", "init", "-q", empty)
	if report := scanRepository(t, empty); len(report.Sightings)+len(report.Skipped) > 0 {
		t.Errorf("empty: %+v", report)
	}
}

func TestShallowAndPartial(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.Commit("one", map[string]string{"a": "old " + mark(1), "b": "stays " + mark(2)})
	two := r.Commit("two", map[string]string{"a": mark(3)})
	r.Git("", "config", "uploadpack.allowFilter", "true")
	parent := t.TempDir()
	r.Git("", "clone", "-q", "--bare", "--depth=1", "file://"+r.Dir, filepath.Join(parent, "shallow"))
	r.Git("", "clone", "-q", "--bare", "--filter=blob:none", "file://"+r.Dir, filepath.Join(parent, "partial"))

	shallow := repoIn(t, filepath.Join(parent, "shallow"))
	report := scanRepository(t, shallow.Dir)
	if d := cmp.Diff(shallow.introduced([]string{two}), rows(report)); d != "" {
		t.Errorf("shallow (-git +repository):\n%s", d)
	}
	if len(report.Skipped) != 1 || report.Skipped[0].Object != two ||
		report.Skipped[0].Absent != ShallowClone || report.Skipped[0].Count != 1 {
		t.Errorf("shallow: skipped %v", report.Skipped)
	}

	skipped := scanRepository(t, filepath.Join(parent, "partial")).Skipped
	blobs := strings.Fields(r.Git("", "rev-parse", "HEAD~1:a", "HEAD~1:b", "HEAD:a"))
	slices.Sort(blobs)
	want := []Skipped{{Object: blobs[0], Reason: "partial clone: this blob is not here", Absent: PartialClone, Count: len(blobs)}}
	if d := cmp.Diff(want, skipped); d != "" {
		t.Errorf("partial (-want +skipped):\n%s", d)
	}
}

// Damage to one object leaves the others to be read, and is named, unless it is in a bit that stands for nothing.
func TestDamagedRepository(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	files := map[string]string{}
	for i := range 20 {
		files[strings.Repeat("f", i+1)] = strings.Repeat("line\n", 100*i) + mark(i)
	}
	r.Commit("one", files)
	blobs := r.marked()
	r.Git("", "repack", "-q", "-a", "-d", "-f")
	name := glob(t, r.Dir, ".git/objects/pack/*.pack")[0]
	whole, err := os.ReadFile(name)
	must(t, err)
	must(t, os.Chmod(name, 0o666))
	rapid.Check(t, func(rt *rapid.T) {
		b := slices.Clone(whole)
		b[rapid.IntRange(packHeader, len(b)-packTrailer-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		must(rt, os.WriteFile(name, b, 0o666))
		opened, err := OpenRepository(background, r.Dir, Options{})
		must(rt, err)
		defer opened.Close()
		report, err := opened.scan(background, findMarks, Range{})
		must(rt, err)
		there := map[string]bool{}
		for _, s := range report.Sightings {
			there[s.Blob] = true
		}
		for _, s := range report.Skipped {
			there[s.Object] = true
		}
		for blob := range blobs {
			if !there[blob] {
				rt.Fatalf("%s is neither found nor named", blob)
			}
		}
	})
}
