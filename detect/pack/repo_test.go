package pack

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gittest"
)

// TestMain makes the properties, each run of which takes several runs of git, short by default. For more:
// go test -rapid.checks=1000.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m) // ends the process
}

// tb is what tests and rapid properties have in common.
type tb = gittest.TB

// repo is a git repository made for a test.
type repo struct{ gittest.Repo }

func newRepo(t testing.TB) repo {
	t.Helper()
	return repo{gittest.New(t)}
}

func repoIn(t tb, dir string) repo { return repo{gittest.Repo{TB: t, Dir: dir}} }

var background = context.Background()

// pack packs what wants reach and haves do not.
func (r repo) pack(wants, haves []string, args ...string) []byte {
	r.Helper()
	revs := strings.Join(wants, "\n") + "\n--not\n" + strings.Join(haves, "\n") + "\n"
	return []byte(r.Git(revs, append([]string{"pack-objects", "--revs", "--stdout", "-q"}, args...)...))
}

// mark is what findMarks finds. Tests of this package need no credentials.
func mark(n int) string { return fmt.Sprintf("<mark %d>", n) }

var markPattern = regexp.MustCompile(`<mark (\d+)>`)

// finder is an examiner that looks at the whole of each text.
type finder func(text []byte) detect.Result

func (f finder) Examine(_ context.Context, _ string, text []byte) detect.Result { return f(text) }

func (f finder) ExamineReader(_ context.Context, _ string, r io.Reader) (detect.Result, error) {
	text, err := io.ReadAll(r)
	return f(text), err
}

func (f finder) IsClean(text []byte, _ *detect.AnchorNotes, _ []detect.CopiedRange, _ *detect.AnchorNotes) bool {
	r := f(text)
	return len(r.Findings)+len(r.Skipped) == 0
}

// findMarks stands in for a scanner.
var findMarks finder = func(text []byte) (result detect.Result) {
	for _, at := range markPattern.FindAllSubmatchIndex(text, -1) {
		result.Findings = append(result.Findings, detect.Finding{
			Kind:   detect.SecretKey,
			Secret: detect.NewSecret(string(text[at[2]:at[3]])),
			Place: detect.Place{
				Offset: int64(at[0]), End: int64(at[1]),
				Line:   1 + bytes.Count(text[:at[0]], []byte("\n")),
				Column: at[0] - bytes.LastIndexByte(text[:at[0]], '\n'),
			},
		})
	}
	return result
}

// open opens a pack and closes it when the test ends.
func open(t testing.TB, data []byte, opts Options) *Pack {
	t.Helper()
	p, err := Open(context.Background(), bytes.NewReader(data), opts)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// row is a sighting in a blob, short.
type row struct{ Commit, Path, Blob string }

func rows(r Report) (rows []row) {
	for _, s := range r.Sightings {
		if s.Source == InBlob {
			rows = append(rows, row{s.Commit, s.Path, s.Blob})
		}
	}
	return sorted(rows)
}

func sorted(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	return slices.Compact(rows)
}

// introduced asks git for what [Sighting] promises: of the given commits, the paths at which a blob with a mark stands
// that no parent holds there.
func (r repo) introduced(commits []string) (rows []row) {
	r.Helper()
	return r.introducedOf(commits, r.marked())
}

// introducedOf is introduced for the given blobs.
func (r repo) introducedOf(commits []string, marked map[string]bool) (rows []row) {
	r.Helper()
	out := r.Git(strings.Join(commits, "\n")+"\n", "diff-tree", "--stdin", "-r", "-c", "--root", "--no-renames", "--raw", "-z", "--no-abbrev", "--full-index")
	fields := strings.Split(out, "\x00")
	commit := ""
	for i := 0; i < len(fields)-1; i++ {
		f := fields[i]
		if len(f) == 40 && !strings.HasPrefix(f, ":") {
			commit = f
			continue
		}
		f = strings.TrimPrefix(f, "\n")
		parents := len(f) - len(strings.TrimLeft(f, ":"))
		words := strings.Fields(strings.TrimLeft(f, ":"))
		if parents == 0 || len(words) != 2*(parents+1)+1 {
			r.Fatalf("diff-tree: cannot read %q", f)
		}
		i++
		blob := words[2*parents+1]
		before := words[parents+1 : 2*parents+1]
		if marked[blob] && !slices.Contains(before, blob) {
			rows = append(rows, row{commit, fields[i], blob})
		}
	}
	return sorted(rows)
}

// marked returns the blobs that hold a mark, as git cat-file gives them.
func (r repo) marked() map[string]bool {
	marked := map[string]bool{}
	out := r.Git("", "cat-file", "--batch-all-objects", "--batch")
	for len(out) > 0 {
		head, rest, _ := strings.Cut(out, "\n")
		words := strings.Fields(head)
		size, err := strconv.Atoi(words[2])
		if err != nil {
			r.Fatalf("cat-file: %q", head)
		}
		if words[1] == "blob" && markPattern.MatchString(rest[:size]) {
			marked[words[0]] = true
		}
		out = rest[size+1:]
	}
	return marked
}
