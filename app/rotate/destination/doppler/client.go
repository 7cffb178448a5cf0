package doppler

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const (
	perPage  = 20
	maxPages = 50
)

// token is what Doppler's tokens are made of, and keeps what a program prints from becoming a header.
var token = regexp.MustCompile(`^dp\.[A-Za-z0-9._-]{8,512}$`)

// logIn finds a login, if there is none yet: DOPPLER_TOKEN, or that of the command-line program, which may keep it in the system's keyring.
func (d *Driver) logIn(ctx context.Context) error {
	if d.api != nil {
		return nil
	}
	base, err := destination.Base(d.machine.Getenv("DOPPLER_API_HOST"), "https://api.doppler.com")
	if err != nil {
		return fmt.Errorf("DOPPLER_API_HOST: %w", err)
	}
	t := d.machine.Getenv("DOPPLER_TOKEN")
	if t == "" {
		t = d.option(ctx, "token")
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err() //nolint:wrapcheck // as it is
	case !token.MatchString(t):
		return destination.LoggedOut("Doppler")
	}
	d.api = d.machine.NewAPI("Doppler", base, http.Header{"Authorization": {"Bearer " + t}})
	return nil
}

// option asks the program for a setting that it has for the clone, "" for none.
func (d *Driver) option(ctx context.Context, option string) string {
	out, err := d.machine.Tools().Run(ctx, destination.Call{
		Program: "doppler", Args: []string{"configure", "get", option, "--plain", "--silent", "--no-check-version"}, Pass: []string{"DOPPLER_CONFIG_DIR"}, Dir: d.dir,
	})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// setupHere is the project and the config that doppler setup chose for the clone on this machine.
func (d *Driver) setupHere(ctx context.Context) []setup {
	s := setup{Project: d.machine.Getenv("DOPPLER_PROJECT"), Config: d.machine.Getenv("DOPPLER_CONFIG")}
	if s.Project == "" {
		s = setup{Project: d.option(ctx, "project"), Config: d.option(ctx, "config")}
	}
	if s.Project == "" {
		return nil
	}
	return []setup{s}
}

// actor is whose a token is.
type actor struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	Workplace struct {
		Name string `json:"name"`
	} `json:"workplace"`
}

// String is for people.
func (a actor) String() string {
	who := cmp.Or(a.Name, strings.ReplaceAll(a.Type, "_", " "))
	return destination.Quote(fmt.Sprintf("%s (workplace %s)", who, a.Workplace.Name), detect.Secret{})
}

func (d *Driver) me(ctx context.Context) (a actor, err error) {
	err = d.get(ctx, "/v3/me", nil, "check the login", &a)
	return a, err
}

func (d *Driver) get(ctx context.Context, path string, query url.Values, doing string, out any) error {
	return d.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Query: query, Doing: doing}, out) //nolint:wrapcheck // it says all
}

type config struct {
	Name        string `json:"name"`
	Environment string `json:"environment"`
	Root        bool   `json:"root"`
}

// configs lists a project's, root configs first.
func (d *Driver) configs(ctx context.Context, project string) ([]config, error) {
	var all []config
	for page := 1; page <= maxPages; page++ {
		var got struct {
			Configs []config `json:"configs"`
		}
		query := url.Values{"project": {project}, "page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(perPage)}}
		if err := d.get(ctx, "/v3/configs", query, "list the configs of project "+project, &got); err != nil {
			return nil, err
		}
		all = append(all, got.Configs...)
		if len(got.Configs) < perPage {
			break
		}
		if page == maxPages {
			return nil, fmt.Errorf("list the configs of project %s on Doppler: %w", project, destination.ErrMore)
		}
	}
	slices.SortStableFunc(all, func(a, b config) int {
		if a.Root != b.Root {
			return map[bool]int{true: -1, false: 1}[a.Root]
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, nil
}

// secret is one as it was written: Raw is nil where nobody may read it.
type secret struct {
	Raw *string `json:"raw"`
}

func (s secret) same(other secret) bool {
	if s.Raw == nil || other.Raw == nil {
		return s.Raw == other.Raw
	}
	return *s.Raw == *other.Raw
}

// secrets reads those of a config that have one of these names.
func (d *Driver) secrets(ctx context.Context, project, config string, variables []string) (map[string]secret, error) {
	title := config + " of project " + project
	query := url.Values{"project": {project}, "config": {config}, "include_dynamic_secrets": {"false"}}
	var names struct {
		Names []string `json:"names"`
	}
	if err := d.get(ctx, "/v3/configs/config/secrets/names", query, "list the secrets of config "+title, &names); err != nil {
		return nil, err
	}
	var wanted []string
	for _, v := range variables {
		if slices.Contains(names.Names, v) {
			wanted = append(wanted, v)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	query.Set("secrets", strings.Join(wanted, ","))
	var got struct {
		Secrets map[string]secret `json:"secrets"`
	}
	err := d.get(ctx, "/v3/configs/config/secrets", query, "read the secrets of config "+title, &got)
	return got.Secrets, err
}

func (d *Driver) set(ctx context.Context, project, config, variable string, value detect.Secret) error {
	return d.api.Do(ctx, destination.Request{ //nolint:wrapcheck // it says all
		Method: http.MethodPost, Path: "/v3/configs/config/secrets", Query: url.Values{"project": {project}, "config": {config}},
		Body: map[string]any{"secrets": map[string]string{variable: value.Reveal()}}, Secret: value,
		Doing: fmt.Sprintf("set %s in config %s of project %s", variable, config, project),
	}, nil)
}
