package clerktest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// Command is `clerk api PATH --platform …` as Clerk's command of August 2026 does it: a test's program calls it with its own arguments and
// ends with what it returns. The login is the accessToken of the file credentials in $CLERK_CONFIG_DIR ([WriteLogin] writes one); requests go
// to $CLERK_PLATFORM_API_URL. It reports nothing on standard output but the answer.
func Command(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) (exit int) {
	c, err := parseCommand(args)
	if err != nil {
		return own(stderr, "usage_error", err.Error(), 2)
	}
	token := commandToken(getenv)
	if token == "" {
		return own(stderr, "auth_required", "Not authenticated. Run `clerk auth login` or set CLERK_PLATFORM_API_KEY", 1)
	}
	body, err := io.ReadAll(stdin)
	if err != nil {
		return own(stderr, "unexpected_error", err.Error(), 1)
	}
	path := "/" + strings.TrimPrefix(c.path, "/")
	if !strings.HasPrefix(path, "/v1/") {
		path = "/v1" + path
	}
	method := cmp.Or(c.method, map[bool]string{true: http.MethodGet, false: http.MethodPost}[len(body) == 0])
	req, err := http.NewRequest(method, getenv("CLERK_PLATFORM_API_URL")+path, bytes.NewReader(body))
	if err != nil {
		return own(stderr, "unexpected_error", err.Error(), 1)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return own(stderr, "unexpected_error", "Unable to connect. Is the computer able to access the url?", 1)
	}
	defer resp.Body.Close()
	answered, err := io.ReadAll(resp.Body)
	if err != nil {
		return own(stderr, "unexpected_error", "The socket connection was closed unexpectedly.", 1)
	}
	if c.include {
		fmt.Fprintf(stderr, "HTTP %d\n", resp.StatusCode)
		for name := range resp.Header {
			fmt.Fprintf(stderr, "%s: %s\n", strings.ToLower(name), resp.Header.Get(name))
		}
		fmt.Fprintln(stderr)
	}
	var indented bytes.Buffer
	if json.Indent(&indented, answered, "", "  ") != nil {
		indented.Write(answered)
	}
	fmt.Fprintln(stdout, strings.TrimRight(indented.String(), "\n"))
	if resp.StatusCode >= http.StatusBadRequest {
		return 1
	}
	return 0
}

type command struct {
	path, method string
	include      bool
}

func parseCommand(args []string) (command, error) {
	var c command
	if len(args) < 2 || args[0] != "api" {
		return c, errors.New("only `clerk api` is here")
	}
	c.path = args[1]
	platform := false
	for rest := args[2:]; len(rest) > 0; rest = rest[1:] {
		switch rest[0] {
		case "--platform":
			platform = true
		case "--include":
			c.include = true
		case "--yes":
		case "-X":
			if len(rest) < 2 {
				return c, errors.New("option '-X, --method <method>' argument missing")
			}
			rest = rest[1:]
			c.method = rest[0]
		default:
			return c, fmt.Errorf("unknown option '%s'", rest[0])
		}
	}
	if !platform {
		return c, errors.New("only --platform is here")
	}
	return c, nil
}

// own prints an error of the command's own as agents get it.
func own(stderr io.Writer, code, message string, exit int) int {
	_ = json.NewEncoder(stderr).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
	return exit
}

const loginFile = "credentials"

// commandToken returns what the command is logged in with; "" for nothing.
func commandToken(getenv func(string) string) string {
	if key := getenv("CLERK_PLATFORM_API_KEY"); key != "" {
		return key
	}
	text, err := os.ReadFile(filepath.Join(getenv("CLERK_CONFIG_DIR"), loginFile))
	var session struct {
		AccessToken string `json:"accessToken"`
	}
	if err != nil || json.Unmarshal(text, &session) != nil {
		return ""
	}
	return session.AccessToken
}

// WriteLogin writes the login that [Command] reads, as `clerk auth login` does where there is no keychain.
func WriteLogin(configDir string, token detect.Secret) error {
	text, err := json.Marshal(map[string]any{"accessToken": token.Reveal(), "refreshToken": "", "expiresAt": 0, "tokenType": "bearer"})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(configDir, loginFile), text, 0o600)
}
