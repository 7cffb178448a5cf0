package agent_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rekey-app/rekey/app/agent"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

var update = flag.Bool("update", false, "write the answers of testdata")

var scanner = sync.OnceValue(func() *detect.Scanner { return detect.New(detect.Options{}) })

var placeholder = regexp.MustCompile(`\{\{(live|test|webhook|machine|claim):([0-9]+)\}\}`)

// expand puts credentials into a text.
func expand(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(s string) string {
		m := placeholder.FindStringSubmatch(s)
		seed, _ := strconv.ParseInt(m[2], 10, 64)
		switch m[1] {
		case "webhook":
			return detecttest.WebhookSecret(seed)
		case "machine":
			return detecttest.MachineSecretKey(seed)
		case "claim":
			return detecttest.ClaimURL(seed)
		}
		return detecttest.Key(seed, detect.Environment(m[1]))
	})
}

// TestAnswers plays the events of testdata: of each NAME.json the answer is in NAME.want. DIR is a directory with the files below
// workspace/.
func TestAnswers(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 3 {
		t.Fatalf("%v, %v", names, err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := workspace(t, a)
			var files []txtar.File
			for _, f := range a.Files {
				event, found := strings.CutSuffix(f.Name, ".json")
				if !found || strings.HasPrefix(f.Name, "workspace/") {
					if !strings.HasSuffix(f.Name, ".want") {
						files = append(files, f)
					}
					continue
				}
				input := strings.ReplaceAll(expand(string(f.Data)), "DIR", dir)
				got := strings.ReplaceAll(play(t, agent.Options{FailOn: "any"}, strings.NewReader(input)), dir, "DIR")
				files = append(files, f, txtar.File{Name: event + ".want", Data: []byte(got)})
				if want := file(a, event+".want"); !*update && want != got {
					t.Errorf("%s (-want +got):\n%s", event, cmp.Diff(want, got))
				}
			}
			if *update {
				a.Files = files
				if err := os.WriteFile(name, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func workspace(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		rel, found := strings.CutPrefix(f.Name, "workspace/")
		if !found {
			continue
		}
		full := filepath.Join(dir, filepath.FromSlash(rel))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(expand(string(f.Data))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func file(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

// play answers one event, and writes down all that the agent sees of the answer. No key may be in it.
func play(t *testing.T, o agent.Options, in io.Reader) string {
	t.Helper()
	answer := agent.Judge(t.Context(), scanner(), o, in)
	got := fmt.Sprintf("status %d\n", answer.Status)
	if len(answer.Out) > 0 {
		got += "stdout " + string(answer.Out)
	}
	if answer.Err != "" {
		got += "stderr " + answer.Err
	}
	if found := scanner().Scan(t.Context(), "", []byte(got)); len(found) > 0 {
		t.Errorf("the answer has a key in it: %v", found[0].Secret)
	}
	return got
}

// endless is an input that never ends, and that gives nothing.
type endless struct{ stop <-chan struct{} }

func (e endless) Read([]byte) (int, error) {
	<-e.stop
	return 0, io.EOF
}

// zeros is one that gives without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	defer close(stop)
	event := `{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"ls"}}`
	for _, c := range []struct {
		name string
		in   io.Reader
		o    agent.Options
		want string
	}{
		{"nothing", strings.NewReader(""), agent.Options{}, "there is no event"},
		{"garbage", strings.NewReader("\x00\xff\x13"), agent.Options{}, "no JSON object"},
		{"half", strings.NewReader(event[:30]), agent.Options{}, "no JSON object"},
		{"a list", strings.NewReader("[" + event + "]"), agent.Options{}, "no JSON object"},
		{"two", strings.NewReader(event + event), agent.Options{}, "more than one event"},
		{"no name", strings.NewReader(`{"prompt":"hello"}`), agent.Options{}, "no hook_event_name"},
		{"deep", strings.NewReader(strings.Repeat(`{"a":`, 20_000)), agent.Options{}, "no JSON object"},
		{"never over", endless{stop}, agent.Options{Within: time.Millisecond}, "did not end in time"},
		{"without end", zeros{}, agent.Options{}, "larger than 32 MiB"},
		{"another protocol", strings.NewReader(event), agent.Options{Protocol: agent.Cursor}, "PreToolUse is no event of the protocol cursor"},
	} {
		if got := play(t, c.o, c.in); !strings.HasPrefix(got, "status 2\nstderr rekey: ") || !strings.Contains(got, c.want) || strings.Count(got, "\n") != 2 {
			t.Errorf("%s: %s", c.name, got)
		}
	}
	if got := play(t, agent.Options{FailOpen: true}, strings.NewReader("garbage")); !strings.HasPrefix(got, "status 0\nstderr rekey: ") {
		t.Errorf("open: %s", got)
	}
}

// TestWhatIsRefused: the severity, ignored fingerprints, and what has something against it.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	live, test := detecttest.Key(7, detect.Live), detecttest.Key(7, detect.Test)
	for _, c := range []struct {
		name, command string
		o             agent.Options
		refused       bool
	}{
		{"test key", "echo " + test, agent.Options{}, true},
		{"test key below what is refused", "echo " + test, agent.Options{FailOn: "critical"}, false},
		{"production key", "echo " + live, agent.Options{FailOn: "critical"}, true},
		{"ignored", "echo " + live, agent.Options{Ignored: map[string]bool{detect.NewSecret(live).Fingerprint(): true}}, false},
		{"a comment of the agent's", "echo " + test + " # rekey:allow", agent.Options{}, true},
		{"another vendor's", "STRIPE_SECRET_KEY=" + live, agent.Options{}, false},
		{"a patch that removes it", "*** Begin Patch\\n*** Update File: a.env\\n@@ -1,1 +1,1 @@\\n-CLERK_SECRET_KEY=" + live + "\\n+CLERK_SECRET_KEY=\\n", agent.Options{}, false},
	} {
		in := `{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"` + c.command + `"}}`
		if got := play(t, c.o, strings.NewReader(in)); strings.Contains(got, `"deny"`) != c.refused {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestFilesOutside: of files that the event names, only regular ones inside the project are read.
func TestFilesOutside(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	write := func(file string) {
		if err := os.WriteFile(file, []byte("CLERK_SECRET_KEY="+detecttest.Key(1, detect.Live)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "inside.env"))
	write(filepath.Join(outside, "outside.env"))
	if err := os.Symlink(filepath.Join(outside, "outside.env"), filepath.Join(dir, "link.env")); err != nil {
		t.Skip(err) // Windows without the right
	}
	if err := os.Symlink("inside.env", filepath.Join(dir, "inner.env")); err != nil {
		t.Fatal(err)
	}
	for name, read := range map[string]bool{
		filepath.Join(dir, "inside.env"): true, filepath.Join(dir, "inner.env"): true, filepath.Join(dir, "link.env"): false,
		filepath.Join(outside, "outside.env"): false, dir: false, filepath.Join(dir, "..", filepath.Base(outside), "outside.env"): false,
		filepath.Join(dir, "missing"): false,
	} {
		in := fmt.Sprintf(`{"hook_event_name":"beforeSubmitPrompt","workspace_roots":[%q],"prompt":"x","attachments":[{"type":"file","file_path":%q}]}`, dir, name)
		if got := play(t, agent.Options{}, strings.NewReader(in)); strings.Contains(got, "false") != read {
			t.Errorf("%s: %s", filepath.Base(name), got)
		}
	}
	in := fmt.Sprintf(`{"hook_event_name":"beforeSubmitPrompt","workspace_roots":[%q],"prompt":"x","attachments":[{"filePath":%q}]}`, dir, filepath.Join(outside, "outside.env"))
	if got := play(t, agent.Options{Roots: []string{outside}}, strings.NewReader(in)); !strings.Contains(got, "false") {
		t.Errorf("a further root: %s", got)
	}
}

// TestLargeOutputs: much text, many texts, and bytes that are none, are answered in time.
func TestLargeOutputs(t *testing.T) {
	t.Parallel()
	times := 100_000
	if testing.Short() { // as under the race detector, which makes reading some twenty times slower
		times /= 20
	}
	line := "the quick brown fox jumps over the lazy dog, sk_live_ and whsec_ and all\\n"
	for name, output := range map[string]string{
		"long":   `"` + strings.Repeat(line, times) + `"`,
		"many":   `[` + strings.Repeat(`{"a":"b"},`, times) + `"c"]`,
		"binary": `"` + strings.Repeat(`\u0000\ufffd\ud800`, times/2) + `"`,
		"masked": `{"stdout":"` + strings.Repeat(line, 10_000) + detecttest.Key(3, detect.Live) + `"}`,
	} {
		in := `{"hook_event_name":"PostToolUse","tool_name":"Bash","tool_input":{"command":"x"},"tool_response":` + output + `}`
		got := play(t, agent.Options{}, strings.NewReader(in))
		if name == "masked" != (len(got) > 100_000) || !strings.HasPrefix(got, "status 0\n") || strings.Contains(got, "stderr") {
			t.Errorf("%s: %.200s", name, got)
		}
	}
}

// FuzzJudge: whatever comes in, an answer comes out, without the key.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{
		`{"hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"file_path":"/a","content":"KEY"}}`,
		`{"hook_event_name":"PostToolUse","tool_response":{"a":["KEY",1,null,true]}}`,
		`{"hook_event_name":"beforeSubmitPrompt","prompt":"KEY","attachments":[{"filePath":"x"}]}`, `{"hook_event_name":"stop"}`, `[]`, ``,
	} {
		f.Add([]byte(seed))
	}
	key := detecttest.Key(1, detect.Live)
	f.Fuzz(func(t *testing.T, in []byte) {
		in = bytes.ReplaceAll(in, []byte("KEY"), []byte(key))
		answer := agent.Judge(context.Background(), scanner(), agent.Options{}, bytes.NewReader(in))
		if answer.Status != 0 && answer.Status != 2 || bytes.Contains(answer.Out, []byte(key)) || strings.Contains(answer.Err, key) {
			t.Errorf("%+v", answer.Status)
		}
	})
}

// BenchmarkJudge is an ordinary call, without the start of the process.
func BenchmarkJudge(b *testing.B) {
	in := `{"session_id":"x","cwd":"/tmp","hook_event_name":"PreToolUse","tool_name":"Write","tool_input":{"file_path":"/tmp/a.ts","content":"` +
		strings.Repeat("const a = 1;\\n", 500) + `"}}`
	s := scanner()
	for b.Loop() {
		agent.Judge(b.Context(), s, agent.Options{}, strings.NewReader(in))
	}
}
