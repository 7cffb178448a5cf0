package hook

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestUninstallingGivesTheSameScript: whatever a shell script holds, taking rekey's lines out again gives it back, installing twice
// is installing once, and nothing of the script's own comes before rekey's lines but comments.
func TestUninstallingGivesTheSameScript(t *testing.T) {
	t.Parallel()
	line := rapid.OneOf(
		rapid.SampledFrom([]string{"", "# a comment", "  # another", "exit 0", "git lfs pre-push \"$@\"", `. "$(dirname -- "$0")/_/husky.sh"`, "cat <<EOF", "EOF"}),
		rapid.StringMatching(`[a-z #"'$]{0,20}`),
	)
	rapid.Check(t, func(t *rapid.T) {
		script := "#!/bin/sh\n" + strings.Join(rapid.SliceOf(line).Draw(t, "lines"), "\n") + rapid.SampledFrom([]string{"", "\n"}).Draw(t, "end")
		name := rapid.SampledFrom([]string{PreCommit, PrePush}).Draw(t, "hook")
		ours := block(name, "/opt/rekey's/rekey", rapid.Bool().Draw(t, "shared"), false)
		installed := with(script, ours)
		if again := with(installed, ours); again != installed {
			t.Fatalf("installed twice:\n%s\nonce:\n%s", again, installed)
		}
		left, none := without(installed)
		if left != script && left != script+"\n" || none {
			t.Fatalf("left %q of %q, none: %t", left, script, none)
		}
		for before := range strings.Lines(split(installed).before) {
			if before = strings.TrimSpace(before); before != "" && before[0] != '#' && !strings.Contains(before, "husky.sh") {
				t.Fatalf("%q comes before rekey's lines", before)
			}
		}
	})
}

// TestTheLinesAreASafeScript: a shell takes them, also with -e and -u, and finds programs whose paths have blanks, quotes and dollars.
func TestTheLinesAreASafeScript(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	dir := filepath.Join(t.TempDir(), "it's a $HOME `dir`")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "rekey")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"ran $*: $(cat)\"\nexit ${STATUS:-0}\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, hook := range []string{PreCommit, PrePush} {
		script := shebang + block(hook, program, false, true) + "echo \"then $(cat)\"\n"
		for _, tt := range []struct{ env, in, want string }{
			{"STATUS=0", "a $b `c`\nEOF", "ran hook HOOK: a $b `c`\nEOF\nthen a $b `c`\nEOF\n"},
			{"STATUS=3", "a", "ran hook HOOK: a\n"},
		} {
			if hook == PreCommit {
				tt.in = ""
				tt.want = map[string]string{"STATUS=0": "ran hook HOOK: \nthen \n", "STATUS=3": "ran hook HOOK: \n"}[tt.env]
			} else {
				tt.want = strings.ReplaceAll(tt.want, "HOOK", "HOOK one two words")
			}
			cmd := exec.CommandContext(t.Context(), shell, "-euc", script, "hook", "one", "two words")
			cmd.Env, cmd.Stdin = append(os.Environ(), tt.env), strings.NewReader(tt.in)
			out, err := cmd.CombinedOutput()
			if want := strings.ReplaceAll(tt.want, "HOOK", hook); string(out) != want {
				t.Errorf("%s %s: %q, want %q, %v", hook, tt.env, out, want, err)
			}
			if code := cmd.ProcessState.ExitCode(); "STATUS="+string(rune('0'+code)) != tt.env {
				t.Errorf("%s %s: it ended with %d", hook, tt.env, code)
			}
		}
		if got := programIn(script); got != filepath.ToSlash(program) {
			t.Errorf("the program is read back as %s", got)
		}
	}
}

func TestIsShell(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		"#!/bin/sh\n": true, "#!/usr/bin/env bash\nx": true, "#!/usr/bin/env -S zsh -e\n": true, "#! /bin/dash -e": true,
		"#!C:/Program\\Git\\sh.exe\n": true, "#!/usr/bin/env python3\n": false, "#!/bin/sh\r\n": false, "": false, "#!\n": false, "exit 0\n": false,
		"#!/usr/bin/fish\n": false, "#!/usr/bin/env\n": false,
	} {
		if got := isShell(script); got != want {
			t.Errorf("%q: %t", script, got)
		}
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"#!/bin/sh\nexec rekey scan --staged\n", []string{PreCommit}},
		{"  # rekey hook pre-push\n", nil},
		{"run: rekey hook pre-push {1} {2}\n", []string{PrePush}},
		{`"$rekey" hook pre-commit`, []string{PreCommit}},
		{"rekey hook install\n", nil},
	} {
		var got []string
		for _, name := range []string{PreCommit, PrePush} {
			if calls(tt.text, name) {
				got = append(got, name)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q calls %v", tt.text, got)
		}
	}
}

// TestJudgeNamesWhatIsInTheWay: of facts alone, without git.
func TestJudgeNamesWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	ours := shebang + block(PrePush, "/opt/rekey", false, true)
	there := func(text string) File {
		return File{Path: "/r/.git/hooks/pre-push", Exists: true, Executable: true, Text: text}
	}
	for name, tt := range map[string]struct {
		facts  Facts
		exists bool
		want   string // "" is effective
	}{
		"as installed":                {Facts{Hooks: map[string]File{PrePush: there(ours)}}, true, ""},
		"the program has moved":       {Facts{Hooks: map[string]File{PrePush: there(ours)}, OnPath: true}, false, ""},
		"the program is gone":         {Facts{Hooks: map[string]File{PrePush: there(ours)}}, false, "/opt/rekey, which is gone"},
		"another hook":                {Facts{Hooks: map[string]File{PrePush: there("#!/bin/sh\ntrue\n")}}, true, "rekey is not in"},
		"called, and not to be found": {Facts{Hooks: map[string]File{PrePush: there("#!/bin/sh\nrekey hook pre-push\n")}}, true, "not on the PATH"},
		"nothing":                     {Facts{Hooks: map[string]File{PrePush: {Path: "/r/.git/hooks/pre-push"}}}, true, "there is no"},
		"only the end of the lines":   {Facts{Hooks: map[string]File{PrePush: there(shebang + endMark)}}, true, "rekey is not in"},
	} {
		tt.facts.Top, tt.facts.Common, tt.facts.Dir = "/r", "/r/.git", "/r/.git/hooks"
		tt.facts.Getenv = func(string) string { return "" }
		r := Judge(tt.facts, []string{PrePush}, func(string) bool { return tt.exists })
		if r.Effective != (tt.want == "") || !strings.Contains(r.Hooks[0].Says, tt.want) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
