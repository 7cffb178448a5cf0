package manage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// CommandOptions say how the clerk command is run.
type CommandOptions struct {
	Path    string           // of the command; default clerk, looked for in PATH
	Environ []string         // the environment to choose from, such as os.Environ(); the command gets what it needs of it
	Now     func() time.Time // default time.Now; for Retry-After given as a date
}

// NewPlatformByCommand returns the Platform API for the login of the clerk command, which carries the requests. It runs nothing. Its error
// wraps [exec.ErrNotFound] where the command is not installed.
func NewPlatformByCommand(o CommandOptions) (*Platform, error) {
	name := o.Path
	if name == "" {
		name = "clerk"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("the clerk command: %w: install it with `npm install -g clerk` and log in with `clerk auth login`", exec.ErrNotFound)
	}
	s := &byCommand{path: path, environ: commandEnviron(o.Environ), now: o.Now}
	if s.now == nil {
		s.now = time.Now
	}
	return &Platform{s}, nil
}

// byCommand sends requests through the clerk command.
type byCommand struct {
	path    string
	environ []string
	now     func() time.Time
}

const (
	// commandTimeout is longer than a request's, since the command may have to refresh its login first.
	commandTimeout = time.Minute
	commandGrace   = 2 * time.Second
	maxCommandTalk = 64 << 10 // of standard error
)

const logIn = "run `clerk auth login`"

func (*byCommand) credentials() (detect.Secret, advice) {
	return detect.Secret{}, advice{
		ErrUnauthorized: logIn,
		ErrForbidden:    platformForbidden,
		ErrNotFound:     platformNotFound,
		ErrRefused:      platformRefused,
		ErrLimited:      platformLimited,
	}
}

func (s *byCommand) send(ctx context.Context, r request) (answer, error) {
	body, err := r.encoded()
	if err != nil {
		return answer{}, r.failed(false, "the request cannot be written", nil)
	}
	empty, err := os.MkdirTemp("", "rekey-clerk-")
	if err != nil {
		return answer{}, r.failed(false, "there is no room for temporary files", nil)
	}
	defer os.RemoveAll(empty)
	limited, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	stdout, stderr := bounded{max: maxAnswer}, bounded{max: maxCommandTalk}
	cmd := exec.CommandContext(limited, s.path, commandArguments(r)...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = empty, s.environ, commandGrace
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(body), &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return answer{}, r.failed(false, "the clerk command cannot be started", nil)
	}
	err = cmd.Wait()
	if limited.Err() != nil {
		return answer{}, r.failed(true, "the clerk command did not end in time", ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return answer{}, r.failed(true, "the clerk command was cut off", nil)
	}
	return s.read(r, err == nil, stdout, stderr)
}

// read finds out what the command's output says: Clerk's answer, or an error of its own.
func (s *byCommand) read(r request, succeeded bool, stdout, stderr bounded) (answer, error) {
	a := answer{body: stdout.kept}
	if m := statusLine().FindSubmatch(stderr.kept); m != nil {
		a.status, _ = strconv.Atoi(string(m[1])) // three digits
	}
	if m := retryLine().FindSubmatch(stderr.kept); m != nil {
		a.retryAfter = wire.RetryAfter(string(m[1]), s.now())
	}
	switch own := ownError(stderr.kept); {
	case stdout.over:
		return answer{}, r.failed(true, "Clerk's answer is larger than 4 MiB", nil)
	case succeeded && (a.status == 0 || a.status == http.StatusOK):
		a.status = http.StatusOK
		return a, nil
	case !succeeded && a.status >= http.StatusBadRequest:
		return a, nil
	case own == "auth_required":
		return answer{}, &Error{Kind: ErrUnauthorized, Op: r.op, what: "the clerk command has no login, or it expired", advice: logIn}
	case slices.Contains([]string{"usage_error", "invalid_key_format"}, own):
		return answer{}, r.failed(false, "the clerk command does not know this request; `clerk update` brings the newest", nil)
	}
	return answer{}, r.failed(true, "the clerk command failed; `clerk doctor` may say why", nil)
}

// commandArguments holds no secret: the command's arguments can be seen by every program of the machine.
func commandArguments(r request) []string {
	args := []string{"api", r.target(), "--platform", "--include", "-X", r.method}
	if r.writes() {
		args = append(args, "--yes") // the caller has asked
	}
	return args
}

// passedOn are the variables that the command needs to find its login and the network.
var passedOn = []string{
	"PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
	"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY",
	"SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "TEMP", "TMP",
	"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS",
	"CLERK_CONFIG_DIR", "CLERK_PLATFORM_API_URL", "CLERK_OAUTH_BASE_URL",
}

// commandEnviron chooses from the environment, and makes the command quiet: no prompts, no notices, nothing reported to anybody.
func commandEnviron(environ []string) []string {
	kept := []string{"CLERK_MODE=agent", "CLERK_TELEMETRY_DISABLED=1", "CLERK_NO_UPDATE_CHECK=1", "MSYS_NO_PATHCONV=1", "NO_COLOR=1"}
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		if slices.Contains(passedOn, strings.ToUpper(name)) {
			kept = append(kept, variable)
		}
	}
	return kept
}

var (
	statusLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^HTTP ([1-5][0-9][0-9])\r?$`) })
	retryLine  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?mi)^retry-after: ([^\r\n]+?)\r?$`) })
)

// ownError returns the code of an error of the command's own; "" for none.
func ownError(stderr []byte) string {
	for line := range bytes.Lines(stderr) {
		var failure struct {
			Error struct {
				Code string `json:"code"`
			} `json:"error"`
		}
		if json.Unmarshal(line, &failure) == nil && failure.Error.Code != "" {
			return failure.Error.Code
		}
	}
	return ""
}

// bounded keeps the first max bytes of what is written, and takes the rest so that nobody waits.
type bounded struct {
	kept []byte
	max  int
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := min(b.max-len(b.kept), len(p))
	b.kept = append(b.kept, p[:room]...)
	b.over = b.over || room < len(p)
	return len(p), nil
}
