package cloudflare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// wrangler is Cloudflare's command-line program, with the person's own login.
type wrangler struct{ machine *destination.Machine }

// pass are the variables that it needs beside the ordinary ones. The account is set for each run.
var pass = []string{accountVariable, "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_API_BASE_URL", "WRANGLER_SEND_METRICS"}

const accountVariable = "CLOUDFLARE_ACCOUNT_ID"

// run runs it in an empty directory, where no settings are, for an account, which may be "" for the only one. What writes, which may be repeated, is
// tried twice.
func (w *wrangler) run(ctx context.Context, account, doing string, c destination.Call) ([]byte, error) {
	dir, err := os.MkdirTemp("", "rekey-wrangler-")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	defer os.RemoveAll(dir)
	m := *w.machine
	m.Environ = append(slices.Clone(m.Environ), "WRANGLER_SEND_METRICS=false")
	if account != "" {
		m.Environ = append(m.Environ, accountVariable+"="+account)
	}
	c.Program, c.Pass, c.Dir = "wrangler", pass, dir
	run := m.Tools().Run
	if len(c.Input) > 0 {
		run = m.Tools().Twice
	}
	out, err := run(ctx, c)
	return out, failure(doing, err)
}

// failure says in the words of the other ways what a run ended with.
func failure(doing string, err error) error {
	var failed *destination.ToolError
	if !errors.As(err, &failed) {
		return err
	}
	refused := &destination.Refused{Vendor: "Cloudflare", Doing: doing, Said: message(failed.Said), Class: destination.ErrUnavailable}
	for _, c := range classes {
		if slices.ContainsFunc(c.words, func(word string) bool { return strings.Contains(strings.ToLower(failed.Said), word) }) {
			refused.Class = c.class
			break
		}
	}
	return refused
}

// message is what it says of an error, without what it says of itself.
func message(said string) string {
	if _, after, ok := strings.Cut(said, "[ERROR] "); ok {
		said = after
	}
	if _, after, ok := strings.Cut(said, ") failed. "); ok { // which request failed
		said = after
	}
	for _, end := range []string{"🪵", "If you think this is a bug"} {
		said, _, _ = strings.Cut(said, end)
	}
	return strings.TrimSpace(said)
}

// errSeveral is a login for several accounts where none was named.
var errSeveral = errors.New("the login is for several accounts")

// classes are by what wrangler and the API say.
var classes = []struct {
	class error
	words []string
}{
	{errSeveral, []string{"more than one account"}},
	{destination.ErrNotFound, []string{"code: 10007", "code: 10090", "code: 8000007", "does not exist", "not found"}},
	{destination.ErrLogin, []string{"not authenticated", "wrangler login", "cloudflare_api_token", "not logged in", "did not login", "code: 1000]", "code: 9106"}},
	{destination.ErrForbidden, []string{"code: 10000", "code: 9109", "permission", "not authorized"}},
	{destination.ErrInvalid, []string{"code: 10215", "isn't currently deployed"}},
}

func (w *wrangler) accounts(ctx context.Context) (string, []account, error) {
	const doing = "see whose login it is"
	loggedOut := &destination.Refused{Vendor: "Cloudflare", Doing: doing, Class: destination.ErrLogin}
	out, err := w.run(ctx, "", doing, destination.Call{Args: []string{"whoami", "--json"}})
	var answer struct {
		LoggedIn bool      `json:"loggedIn"`
		Email    string    `json:"email"`
		Accounts []account `json:"accounts"`
	}
	switch {
	case json.Unmarshal(out, &answer) == nil && answer.LoggedIn:
		return answer.Email, answer.Accounts, nil
	case json.Unmarshal(out, &answer) == nil:
		return "", nil, loggedOut
	case err != nil && !errors.Is(err, destination.ErrUnavailable):
		return "", nil, err
	}
	// An older one has no --json. It takes its only account.
	out, err = w.run(ctx, "", doing, destination.Call{Args: []string{"whoami"}})
	if err == nil && strings.Contains(string(out), "not authenticated") {
		err = loggedOut
	}
	return "", []account{{}}, err
}

func (w *wrangler) variables(ctx context.Context, at address) ([]variable, error) {
	doing := "list the secrets of " + at.plain()
	if at.kind == pages {
		out, err := w.run(ctx, at.account, doing, destination.Call{Args: []string{"pages", "secret", "list", "--project-name", at.name, "--env", at.env}})
		return listed(string(out)), err
	}
	out, err := w.run(ctx, at.account, doing, destination.Call{Args: []string{"secret", "list", "--name", at.name}})
	if err != nil {
		return nil, err
	}
	var secrets []struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(out, &secrets) != nil {
		return nil, errors.New(doing + ": what wrangler wrote is no list; update it")
	}
	all := make([]variable, 0, len(secrets))
	for _, s := range secrets {
		all = append(all, variable{name: s.Name, kind: secretText})
	}
	return all, nil
}

// listed reads the list of a Pages project's secrets, which is for people: "  - NAME: Value Encrypted".
func listed(text string) []variable {
	var all []variable
	for line := range strings.Lines(text) {
		name, what, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "- "), ": ")
		if ok && strings.Contains(what, "Encrypted") {
			all = append(all, variable{name: name, kind: secretText})
		}
	}
	return all
}

func (w *wrangler) set(ctx context.Context, at address, _ string, value detect.Secret) error {
	command, input, err := toSet(at, value)
	if err != nil {
		return err
	}
	if at.kind == pages {
		command = append(append([]string{"pages"}, command...), "--project-name", at.name, "--env", at.env)
	} else {
		command = append(command, "--name", at.name)
	}
	_, err = w.run(ctx, at.account, "set "+at.key+" of "+at.plain(), destination.Call{Args: command, Input: input, Secret: value})
	return err
}

// toSet is what sets a value exactly: put cuts white space off its end, bulk reads JSON.
func toSet(at address, value detect.Secret) (command []string, input []byte, err error) {
	text := value.Reveal()
	if strings.TrimRightFunc(text, unicode.IsSpace) == text {
		return []string{"secret", "put", at.key}, []byte(text), nil
	}
	input, err = json.Marshal(map[string]string{at.key: text})
	if err != nil {
		return nil, nil, fmt.Errorf("set %s: the value can't be written as JSON", at.key)
	}
	return []string{"secret", "bulk"}, input, nil
}

func (*wrangler) updated(context.Context, address) time.Time { return time.Time{} }
