package hook

import (
	"path/filepath"
	"strings"
)

// The hooks that rekey installs.
const (
	PreCommit = "pre-commit"
	PrePush   = "pre-push"
)

// Marks around the lines that are rekey's in a hook. created says that the file is rekey's too.
const (
	beginMark   = "# >>> rekey hook "
	endMark     = "# <<< rekey hook "
	createdMark = " (this file is rekey's) >>>"
)

// block is what rekey adds to a shell script. Where the script is shared with others, who may not have rekey, it names no path, and
// passes with a warning where there is no rekey. Lines of git's on standard input are there again for what follows.
func block(name, rekey string, shared, created bool) string {
	var b strings.Builder
	mark := " (rekey hook uninstall removes these lines) >>>"
	if created {
		mark = createdMark
	}
	b.WriteString(beginMark + name + mark + "\n")
	what := map[string]string{PreCommit: "this commit", PrePush: "this push"}[name]
	verb := strings.TrimPrefix(name, "pre-")
	if shared {
		b.WriteString("if rekey=$(command -v rekey); then\n")
	} else {
		b.WriteString("rekey=" + quoted(filepath.ToSlash(rekey)) + "\n" +
			"[ -x \"$rekey\" ] || rekey=$(command -v rekey) || {\n" +
			"  echo 'rekey is gone, so " + what + " was not checked for Clerk keys, and is stopped. Install rekey again, or: git " + verb + " --no-verify' >&2\n" +
			"  exit 1\n}\n")
	}
	if name == PrePush {
		b.WriteString(`rekey_lines=$(cat)
if [ -n "$rekey_lines" ]; then
  printf '%s\n' "$rekey_lines" | "$rekey" hook pre-push "$@" || exit
  exec <<REKEY_LINES
$rekey_lines
REKEY_LINES
fi
`)
	} else {
		b.WriteString("\"$rekey\" hook " + name + " || exit\n")
	}
	if shared {
		b.WriteString("else\n  echo 'rekey is not installed, so " + what + " is not checked for Clerk keys: https://github.com/rekey-app/rekey' >&2\nfi\n")
	}
	b.WriteString(endMark + name + " <<<\n")
	return b.String()
}

// quoted quotes a word for a shell.
func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// parts are a script before, in and behind rekey's lines.
type parts struct{ before, ours, after string }

// split finds rekey's lines; ours is "" where there are none.
func split(script string) parts {
	at, end := -1, -1
	offset := 0
	for line := range strings.Lines(script) {
		switch {
		case at < 0 && strings.HasPrefix(line, beginMark):
			at = offset
		case at >= 0 && end < 0 && strings.HasPrefix(line, endMark):
			end = offset + len(line)
		}
		offset += len(line)
	}
	if at < 0 || end < 0 {
		return parts{before: script}
	}
	return parts{script[:at], script[at:end], script[end:]}
}

// with returns the script with rekey's lines: in the place of those it has, or where its own commands begin, since a script may end
// before its last line, and may read what git tells a hook.
func with(script, ours string) string {
	if p := split(script); p.ours != "" {
		return p.before + ours + p.after
	}
	at := 0
	for line := range strings.Lines(script) {
		text := strings.TrimSpace(line)
		if text != "" && text[0] != '#' && !strings.Contains(text, "husky.sh") {
			break
		}
		at += len(line)
	}
	head, tail := script[:at], script[at:]
	if head != "" && !strings.HasSuffix(head, "\n") {
		head += "\n"
	}
	return head + ours + tail
}

// without returns the script without rekey's lines, and reports whether nothing is left that was not rekey's.
func without(script string) (left string, none bool) {
	p := split(script)
	left = p.before + p.after
	none = strings.Contains(p.ours, createdMark) && strings.TrimSpace(strings.TrimPrefix(left, shebang)) == ""
	return left, none
}

const shebang = "#!/bin/sh\n"

// isShell reports whether a script is one of a POSIX shell.
func isShell(script string) bool {
	first, _, _ := strings.Cut(script, "\n")
	command, ok := strings.CutPrefix(first, "#!")
	if !ok || strings.HasSuffix(first, "\r") {
		return false
	}
	words := strings.Fields(command)
	if len(words) > 1 && filepath.Base(words[0]) == "env" {
		words = words[1:]
		if len(words) > 1 && words[0] == "-S" {
			words = words[1:]
		}
	}
	if len(words) == 0 {
		return false
	}
	switch strings.TrimSuffix(words[0][strings.LastIndexAny(words[0], `/\`)+1:], ".exe") {
	case "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh":
		return true
	}
	return false
}

// calls reports whether a script or a file of settings has a line, which is no comment, that runs rekey for a hook.
func calls(text, name string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(line, "rekey hook "+name) || strings.Contains(line, `rekey" hook `+name) ||
			name == PreCommit && strings.Contains(line, "rekey scan --staged") {
			return true
		}
	}
	return false
}
