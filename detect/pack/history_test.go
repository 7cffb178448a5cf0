package pack

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// paths that histories are made of: directories that are files elsewhere, names that need quoting, that sort between a
// directory and its slash, that are no UTF-8.
var historyPaths = []string{
	"a", "a/b", "a/b/c", "a/d", "a.txt", "a-b", "e/f/g/h", "e/f/g/i", "e/f/j", "z z/\"q\"/ü", "new\nline/`@x`", "bad\xff\xfe/utf8", "e",
}

// drawHistory makes a repository with a random history: several roots, merges of up to five parents that hold what no
// parent holds, renames, changes of mode and type, submodules, commits without files. It returns its commits.
func drawHistory(t *rapid.T, dir string) (repo, []string) {
	r := repoIn(t, dir)
	r.Git("", "init", "-q", "--bare", "-b", "main", "--template=")
	var in strings.Builder
	count := rapid.IntRange(1, 14).Draw(t, "commits")
	for i := 1; i <= count; i++ {
		var parents []int
		if i > 1 {
			parents = rapid.SliceOfNDistinct(rapid.IntRange(1, i-1), 0, min(i-1, 5), rapid.ID[int]).Draw(t, "parents")
			if len(parents) == 0 && rapid.IntRange(0, 3).Draw(t, "root") > 0 {
				parents = []int{i - 1}
			}
		}
		fmt.Fprintf(&in, "commit refs/heads/b%d\nmark :%d\nauthor A%d <a%d@x> %d -0130\ncommitter C <c@x> %d +0000\n", i, i, i%3, i%3,
			1_600_000_000+i, 1_600_000_000+rapid.IntRange(0, 20).Draw(t, "date"))
		message := fmt.Sprint("commit ", i)
		if rapid.IntRange(0, 5).Draw(t, "marked") == 0 {
			message += mark(i)
		}
		data(&in, message)
		for n, p := range parents {
			word := "merge"
			if n == 0 {
				word = "from"
			}
			fmt.Fprintf(&in, "%s :%d\n", word, p)
		}
		if rapid.IntRange(0, 9).Draw(t, "empty") == 0 {
			in.WriteString("deleteall\n")
		}
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			path := quoted(rapid.SampledFrom(historyPaths).Draw(t, "path"))
			switch rapid.IntRange(0, 9).Draw(t, "change") {
			case 0:
				fmt.Fprintf(&in, "D %s\n", path)
			case 1:
				fmt.Fprintf(&in, "M 160000 %040x %s\n", rapid.IntRange(1, 9).Draw(t, "module"), path)
			case 2:
				if len(parents) > 0 {
					// A rename of what may not be there is refused by fast-import: take another commit's file whole.
					from := rapid.SampledFrom(parents).Draw(t, "of")
					fmt.Fprintf(&in, "N inline :%d\n", from)
					data(&in, "note "+mark(rapid.IntRange(1, 9).Draw(t, "mark")))
				}
			default:
				mode := rapid.SampledFrom([]string{"100644", "100644", "100755", "120000"}).Draw(t, "mode")
				fmt.Fprintf(&in, "M %s inline %s\n", mode, path)
				text := strings.Repeat(fmt.Sprintf("line %d\n", rapid.IntRange(1, 3).Draw(t, "text")), 50)
				if n := rapid.IntRange(0, 6).Draw(t, "mark"); n > 0 {
					text += mark(n)
				}
				data(&in, text+strings.Repeat("end\n", rapid.IntRange(0, 2).Draw(t, "end")))
			}
		}
		in.WriteString("\n")
	}
	r.Git(in.String(), "fast-import", "--quiet", "--force", "--date-format=raw")
	commits := strings.Fields(r.Git("", "rev-list", "--all"))
	return r, commits
}

func data(in *strings.Builder, text string) { fmt.Fprintf(in, "data %d\n%s\n", len(text), text) }

// quoted writes a path as fast-import reads it.
func quoted(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(path) {
		fmt.Fprintf(&b, `\%03o`, path[i])
	}
	b.WriteByte('"')
	return b.String()
}

// tempDir is a directory for one run of a property.
func tempDir(t *testing.T, rt *rapid.T) string {
	dir, err := os.MkdirTemp(t.TempDir(), "") //nolint:usetesting // one for each of rapid's cases
	if err != nil {
		rt.Fatalf("%v", err)
	}
	return dir
}

var packArgs = [][]string{
	{"--delta-base-offset"}, {}, {"--window=0"}, {"--delta-base-offset", "--window=50", "--depth=200", "--no-reuse-delta"},
}

// Everything a pack of whole histories says is what git log, diff-tree and ls-tree say.
func TestWholeHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, commits := drawHistory(rt, tempDir(t, rt))
		head := rapid.SampledFrom(commits).Draw(rt, "head")
		report := scanMarks(t, r.pack(commits, nil, rapid.SampledFrom(packArgs).Draw(rt, "args")...), Options{}, head)
		if d := cmp.Diff(r.introduced(commits), rows(report)); d != "" {
			rt.Fatalf("sightings differ (-git +pack):\n%s", d)
		}
		checkStats(rt, r, report)
		checkAtHead(rt, r, report, head)
		checkMessages(rt, r, report, commits)
	})
}

func checkStats(rt *rapid.T, r repo, report Report) {
	counts := map[string]int{}
	reachable := r.Git("", "rev-list", "--all", "--objects", "--no-object-names")
	for kind := range strings.FieldsSeq(r.Git(reachable, "cat-file", "--batch-check=%(objecttype)")) {
		counts[kind]++
	}
	s := report.Stats
	if s.Commits != counts["commit"] || s.Trees != counts["tree"] || s.Blobs != counts["blob"] {
		rt.Fatalf("stats are %+v, git counts %v", s, counts)
	}
}

func checkAtHead(rt *rapid.T, r repo, report Report, head string) {
	there := map[string]bool{}
	for line := range strings.SplitSeq(r.Git("", "ls-tree", "-r", "-z", head), "\x00") {
		if meta, path, ok := strings.Cut(line, "\t"); ok {
			there[strings.Fields(meta)[2]+" "+path] = true
		}
	}
	for _, s := range report.Sightings {
		if s.Source == InBlob && s.AtHead != there[s.Blob+" "+s.Path] {
			rt.Fatalf("AtHead of %q is %v", s.Path, s.AtHead)
		}
	}
}

func checkMessages(rt *rapid.T, r repo, report Report, commits []string) {
	got := map[string]bool{}
	for _, s := range report.Sightings {
		if s.Source == InMessage {
			got[s.Commit] = true
		}
	}
	format := "--format=%H%n%an <%ae> %at%n%B%x00"
	for record := range strings.SplitSeq(r.Git(strings.Join(commits, "\n"), "log", "--no-walk", "--stdin", format), "\x00") {
		lines := strings.SplitN(strings.TrimPrefix(record, "\n"), "\n", 3)
		if len(lines) < 3 {
			continue
		}
		commit, author, message := lines[0], lines[1], lines[2]
		if got[commit] != markPattern.MatchString(message) {
			rt.Fatalf("message of %s: found is %v", commit, got[commit])
		}
		for _, s := range report.Sightings {
			if s.Commit == commit && fmt.Sprintf("%s <%s> %d", s.Author.Name, s.Author.Email, s.Author.When.Unix()) != author {
				rt.Fatalf("author of %s is %+v, git says %s", commit, s.Author, author)
			}
		}
		delete(got, commit)
	}
	if len(got) > 0 {
		rt.Fatalf("messages of no commit: %v", got)
	}
}

// A range is what a push brings: of the commits that are new, the paths at which a blob stands that is new.
func TestRange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r, commits := drawHistory(rt, tempDir(t, rt))
		wants := rapid.SliceOfNDistinct(rapid.SampledFrom(commits), 1, 2, rapid.ID[string]).Draw(rt, "wants")
		haves := rapid.SliceOfNDistinct(rapid.SampledFrom(commits), 0, 3, rapid.ID[string]).Draw(rt, "haves")
		data := r.pack(wants, haves, rapid.SampledFrom(packArgs).Draw(rt, "args")...)
		p, err := Open(t.Context(), strings.NewReader(string(data)), Options{})
		if err != nil {
			rt.Fatalf("%v", err)
		}
		defer p.Close()
		report, err := p.scan(t.Context(), findMarks, Range{Heads: wants})
		if err != nil {
			rt.Fatalf("%v", err)
		}
		revs := append([]string{"rev-list"}, wants...)
		for _, have := range haves {
			revs = append(revs, "^"+have)
		}
		commits = strings.Fields(r.Git("", revs...))
		inPack := map[string]bool{}
		for i := range p.file.offsets {
			inPack[p.idOf(rt, int32(i)).String()] = true
		}
		var want []row
		for _, row := range r.introduced(commits) {
			if inPack[row.Blob] {
				want = append(want, row)
			}
		}
		if d := cmp.Diff(want, rows(report)); d != "" {
			rt.Fatalf("sightings differ (-git +pack):\n%s", d)
		}
	})
}

// idOf hashes one object.
func (p *Pack) idOf(t tb, entry int32) (found id) {
	w := newWalker(p.opts, 0, new(atomic.Int64))
	defer w.memory.close()
	if err := w.read(p.file, entry, func(o object) error { found = o.id(); return nil }); err != nil {
		t.Fatalf("%v", err)
	}
	return found
}
