// Package fly reaches Fly.io: the secrets of the apps that a repository's fly.toml files name.
//
// It runs the vendor's own program, and not the API: the API stores a secret and no more, and what brings it to the machines (one after the other, with
// health checks, of the image and the configuration that run already) is in the program. Its secrets import reads NAME=VALUE lines from
// standard input; secrets set NAME=- would do too in recent versions, but older ones would store the dash.
//
// A write brings secrets that somebody else has staged to the machines, too: the place says so.
//
// What is uncertain: the list of secrets has names and digests, and no times, so that nothing proves afterwards that a value is the new one. A program
// that ends well has seen the machines restart with it.
package fly

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

const (
	name = "fly"
	// deployTimeout is for the machines of one app to restart one after the other.
	deployTimeout = 15 * time.Minute
)

// Driver is the driver of Fly.io.
type Driver struct{ tools *destination.Tools }

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{tools: m.Tools()} }

// Name is "fly".
func (*Driver) Name() string { return name }

// app is one that a file names.
type app struct {
	name, file string
	scope      destination.Scope
}

var configFile = regexp.MustCompile(`^fly(\.[A-Za-z0-9_.-]+)?\.toml$`)

// apps reads the configuration files. incomplete is one that names no app, "" for none.
func apps(files guide.Files) (found []app, incomplete string) {
	paths := slices.DeleteFunc(files.List(), func(p string) bool { return !configFile.MatchString(path.Base(p)) })
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(strings.Count(a, "/")-strings.Count(b, "/"), len(a)-len(b), strings.Compare(a, b)) // fly.toml first
	})
	for _, p := range paths {
		text, _ := files.Read(p)
		var config struct {
			App string `toml:"app"`
		}
		if toml.Unmarshal(text, &config) != nil || !appName.MatchString(config.App) {
			incomplete = p
			continue
		}
		if !slices.ContainsFunc(found, func(a app) bool { return a.name == config.App }) {
			found = append(found, app{name: config.App, file: p, scope: scope(path.Base(p))})
		}
	}
	return found, incomplete
}

// appName keeps what a file says from being read as a flag.
var appName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// scope reads for what an app is from its file's name: fly.toml says nothing.
func scope(file string) destination.Scope {
	return destination.ScopeNamed(strings.TrimSuffix(strings.TrimPrefix(file, "fly."), ".toml"))
}

// secret is an entry of the list. Values are never in it.
type secret struct {
	Name   string `json:"name"`
	Status string `json:"status"` // "Staged" for one that no machine has yet; older versions don't say
}

func has(secrets []secret, name string) bool {
	return slices.ContainsFunc(secrets, func(s secret) bool { return s.Name == name })
}

// Look asks for the names of each app's secrets.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	found, incomplete := apps(p.Files)
	var s destination.Survey
	if len(found) == 0 && incomplete == "" {
		return s
	}
	s.Used, s.Because = true, incomplete
	if len(found) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: incomplete + " doesn't say which app it is of",
			Next: "set " + p.Variables[0] + " with fly secrets import --app NAME, or add the app's name to the file",
		})
		return s
	}
	s.Because = found[0].file
	for _, a := range found {
		secrets, err := d.secrets(ctx, a.name)
		if err != nil {
			s.Problems = append(s.Problems, problem(a, err))
			if errors.Is(err, destination.ErrNotInstalled) || ctx.Err() != nil || loggedOut(err) || destination.Unreachable(err) {
				break // the others would fail alike
			}
			continue
		}
		for _, variable := range p.Variables {
			if has(secrets, variable) {
				s.Places = append(s.Places, place(a, variable, secrets))
			}
		}
	}
	if len(s.Problems) < len(found) {
		s.Account = d.account(ctx)
	}
	return s
}

func place(a app, variable string, secrets []secret) destination.Place {
	out := destination.Place{
		Driver: name, ID: a.name + "/" + variable, Title: "Fly app " + a.name, Variable: variable, Scope: a.scope, Holding: destination.Unreadable,
		Unit: destination.Unit{Driver: name, ID: a.name, Title: "Fly app " + a.name, Takes: destination.TakesAtOnce},
	}
	if slices.ContainsFunc(secrets, func(s secret) bool { return s.Status == "Staged" }) {
		out.Note = "Secrets of the app are staged, and go to its machines together with this one: see fly secrets list --app " + a.name + "."
	}
	return out
}

// Write imports the secret: Fly stores it and restarts the app's machines with it.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	a, variable, err := split(p.ID)
	if err != nil {
		return err
	}
	line, err := encode(variable, value.Reveal())
	if err != nil {
		return fmt.Errorf("set %s on %s: %w", variable, p.Title, err)
	}
	_, err = d.run(ctx, destination.Call{Args: []string{"secrets", "import", "--app", a}, Input: []byte(line), Secret: value, Timeout: deployTimeout})
	if err != nil {
		return refused(fmt.Sprintf("set %s on %s", variable, p.Title), a, err)
	}
	return nil
}

// Check can only say whether the secret is there.
func (d *Driver) Check(ctx context.Context, p destination.Place, _ detect.Secret, _ time.Time) (destination.Proof, error) {
	a, variable, err := split(p.ID)
	if err != nil {
		return "", err
	}
	secrets, err := d.secrets(ctx, a)
	switch {
	case err != nil:
		return "", refused("list the secrets of "+p.Title, a, err)
	case !has(secrets, variable):
		return destination.Stale, nil
	}
	return destination.Unproven, nil
}

// split returns the app and the variable of a place.
func split(id string) (a, variable string, err error) {
	a, variable, ok := strings.Cut(id, "/")
	if !ok || !appName.MatchString(a) || variable == "" {
		return "", "", fmt.Errorf("%q is no secret of an app on Fly", id)
	}
	return a, variable, nil
}

var errAtOnce = errors.New("a Fly app takes new secrets at once: nothing is to be redeployed")

// Redeploy is never called: the write deploys.
func (*Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errAtOnce
}

// Deployed is never called.
func (*Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errAtOnce
}

func (d *Driver) secrets(ctx context.Context, a string) ([]secret, error) {
	out, err := d.run(ctx, destination.Call{Args: []string{"secrets", "list", "--app", a, "--json"}})
	if err != nil {
		return nil, err
	}
	var list []secret
	if json.Unmarshal(out, &list) != nil {
		return nil, errors.New("fly secrets list: its answer is not JSON")
	}
	return list, nil
}

// account is whose login it is, "" where nobody says: tokens for one app may not ask.
func (d *Driver) account(ctx context.Context) string {
	out, err := d.run(ctx, destination.Call{Args: []string{"auth", "whoami", "--json"}})
	var who struct {
		Email string `json:"email"`
	}
	if err != nil || json.Unmarshal(out, &who) != nil {
		return ""
	}
	return destination.Quote(who.Email, detect.Secret{})
}

// run runs the program, which is installed as fly, as flyctl, or as both.
func (d *Driver) run(ctx context.Context, c destination.Call) ([]byte, error) {
	c.Program, c.Pass = "fly", []string{"FLY_API_TOKEN", "FLY_ACCESS_TOKEN", "FLY_CONFIG_DIR"}
	if _, ok := d.tools.Find("fly"); !ok {
		if _, ok := d.tools.Find("flyctl"); ok {
			c.Program = "flyctl"
		}
	}
	return d.tools.Twice(ctx, c) //nolint:wrapcheck // the callers say what it was for
}
