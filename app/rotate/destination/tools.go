package destination

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Tools runs the command-line programs of vendors. It is safe for concurrent use.
type Tools struct {
	environ []string
	clone   string        // no program in it is run; "" for none
	pause   time.Duration // before a program is run again
}

const (
	toolTimeout = 2 * time.Minute
	toolPause   = time.Second // before a program is run again, where the machine says nothing else
	maxOutput   = 16 << 20    // bytes of a program's standard output
	maxSaid     = 400         // bytes of what it said on standard error that an error repeats
)

// Call is one run of a program. Arguments are seen by every process on the machine: nothing secret may stand in them.
type Call struct {
	Program string
	Args    []string
	Input   []byte        // for standard input
	Secret  detect.Secret // stands in Input, and is kept out of errors; zero where there is none
	Pass    []string      // names of variables that the program needs beside the ordinary ones: those of the vendor's login
	Dir     string        // "" for the current one
	Timeout time.Duration // 0 for two minutes
}

// ErrNotInstalled is what [Tools.Run] says of a program that is not on the PATH.
var ErrNotInstalled = errors.New("is not installed")

// ToolError is a program that ended with a status other than 0, or did not end in time.
type ToolError struct {
	Program string
	Args    []string
	Status  int    // -1 where it was ended
	Said    string // the end of what it said on standard error, without the secret; "" if it said nothing that can be repeated
}

// Error says which command failed, and what it said.
func (e *ToolError) Error() string {
	said := e.Said
	if said == "" {
		said = fmt.Sprintf("it ended with status %d", e.Status)
	}
	command := e.Program
	for _, arg := range e.Args[:min(len(e.Args), 3)] {
		if strings.HasPrefix(arg, "-") {
			break
		}
		command += " " + arg
	}
	return command + ": " + said
}

// ordinary are the variables that every program gets, and ordinaryPrefixes those of which it gets all.
var (
	ordinary = []string{
		"HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "TZ", "TMPDIR", "TMP", "TEMP",
		"USERPROFILE", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "WINDIR",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "DBUS_SESSION_BUS_ADDRESS",
	}
	ordinaryPrefixes = []string{"LC_", "XDG_"}
)

// Find returns where a program is, and false where it is not installed.
func (t *Tools) Find(program string) (string, bool) {
	for _, dir := range t.path() {
		if path, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return path, true
		}
	}
	return "", false
}

// path are the directories of programs. Those of the repository itself are not among them: relative ones, and node_modules/.bin of the clone, which npm run
// and direnv put there.
func (t *Tools) path() []string {
	return slices.DeleteFunc(filepath.SplitList(lookup(t.environ, "PATH")), func(dir string) bool {
		if !filepath.IsAbs(dir) {
			return true
		}
		if resolved, err := filepath.EvalSymlinks(dir); err == nil {
			dir = resolved
		}
		return t.clone != "" && within(t.clone, dir)
	})
}

// within reports whether a path is a directory, or is below it.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && path != "" && filepath.IsLocal(rel)
}

// batchSigns mean something to cmd.exe, which runs batch files, even inside quotes or by ending them: an argument with one of them could run anything.
const batchSigns = "\"%!^&|<>()\r\n\x00"

// isBatch reports whether a file is run by cmd.exe on Windows, as the programs are that npm installs.
func isBatch(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".cmd" || ext == ".bat"
}

// Run runs a program to its end and returns what it wrote to standard output, 16 MiB at most. It gets an environment of the ordinary variables
// and those of [Call.Pass] alone, no terminal, and no more standard input than the call's.
func (t *Tools) Run(ctx context.Context, c Call) ([]byte, error) {
	path, ok := t.Find(c.Program)
	if !ok {
		return nil, fmt.Errorf("%s %w", c.Program, ErrNotInstalled)
	}
	if i := slices.IndexFunc(c.Args, func(arg string) bool { return isBatch(path) && strings.ContainsAny(arg, batchSigns) }); i >= 0 {
		return nil, fmt.Errorf("%s is a batch file here, and Windows would read %q as more than one argument: set the token of this host in the environment, and rekey uses its API",
			c.Program, c.Args[i])
	}
	timeout := c.Timeout
	if timeout == 0 {
		timeout = toolTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out, said := &bounded{max: maxOutput}, &bounded{max: maxSaid, last: true}
	cmd := exec.CommandContext(limited, path, c.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Input), out, said
	cmd.Dir, cmd.Env = c.Dir, t.environment(c.Pass)
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	switch {
	case err == nil && out.cut:
		return nil, fmt.Errorf("%s: it wrote more than %d MiB", c.Program, maxOutput>>20)
	case err == nil:
		return out.text, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, &ToolError{Program: c.Program, Args: c.Args, Status: -1, Said: fmt.Sprintf("it did not end within %s", timeout)}
	}
	failed := &ToolError{Program: c.Program, Args: c.Args, Status: -1, Said: Quote(string(said.text), c.Secret)}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		failed.Status = ended.ExitCode()
	} else if errors.Is(err, os.ErrPermission) {
		failed.Said = "it may not be run"
	}
	return out.text, failed
}

// Twice runs a program whose run may be repeated, and does repeat it once where that may help: after a limit, a fault of the network or of the vendor,
// or an answer that was lost.
func (t *Tools) Twice(ctx context.Context, c Call) ([]byte, error) {
	out, err := t.Run(ctx, c)
	var failed *ToolError
	if !errors.As(err, &failed) || !failed.passes() {
		return out, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err() //nolint:wrapcheck // as it is
	case <-time.After(t.pause):
	}
	return t.Run(ctx, c)
}

// passing are words of faults that may be over a moment later, in small letters.
var passing = []string{
	"too many requests", "rate limit", "rate exceeded", "throttl", "exhausted", "conflict", "temporar", "unavailable", "internal error", "internal server error",
	"bad gateway", "eof", "connection", "fetch failed", "econn", "etimedout", "enotfound", "i/o timeout", "handshake timeout", "no such host", "unable to connect", "could not connect",
}

// passes reports whether the fault may be over a moment later, by what the program said.
func (e *ToolError) passes() bool {
	said := strings.ToLower(e.Said)
	return e.Status >= 0 && slices.ContainsFunc(passing, func(w string) bool { return strings.Contains(said, w) })
}

// Unreachable reports whether an error is of a program that could not reach its vendor, or did not end: it would do the same for what is asked next.
func Unreachable(err error) bool {
	var failed *ToolError
	return errors.As(err, &failed) && (failed.Status < 0 || failed.passes())
}

func (t *Tools) environment(pass []string) []string {
	env := []string{
		"NO_COLOR=1", "CI=1", // no colours, no questions, no offers of an upgrade
		"NoDefaultCurrentDirectoryInExePath=1",                           // cmd.exe, which runs what npm installs, would look for node in the clone first
		"PATH=" + strings.Join(t.path(), string(filepath.ListSeparator)), // env, which many programs start by, looks for node there
	}
	for _, variable := range t.environ {
		name, _, _ := strings.Cut(variable, "=")
		if runtime.GOOS == "windows" {
			name = strings.ToUpper(name)
		}
		if name == "PATH" {
			continue
		}
		known := slices.Contains(ordinary, name) || slices.Contains(ordinary, strings.ToUpper(name)) && strings.HasSuffix(name, "_proxy")
		if known || slices.Contains(pass, name) || slices.ContainsFunc(ordinaryPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			env = append(env, variable)
		}
	}
	return env
}

func lookup(environ []string, name string) string {
	for _, variable := range slices.Backward(environ) {
		if k, v, _ := strings.Cut(variable, "="); k == name || runtime.GOOS == "windows" && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// bounded keeps the first bytes that are written to it, or the last.
type bounded struct {
	text []byte
	max  int
	last bool
	cut  bool
}

// Write never fails.
func (b *bounded) Write(p []byte) (int, error) {
	b.text = append(b.text, p...)
	if len(b.text) > b.max {
		b.cut = true
		if b.last {
			b.text = bytes.Clone(b.text[len(b.text)-b.max:])
		} else {
			b.text = b.text[:b.max]
		}
	}
	return len(p), nil
}
