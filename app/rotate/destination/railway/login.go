package railway

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const base = "https://backboard.railway.com/graphql/v2"

// config is what the command-line program keeps.
type config struct {
	Projects map[string]struct { // by the folder that is linked
		Project string `json:"project"`
	} `json:"projects"`
	User struct {
		Token       string `json:"token"` // of older versions
		AccessToken string `json:"accessToken"`
		ExpiresAt   int64  `json:"tokenExpiresAt"` // seconds; 0 for one that does not expire
	} `json:"user"`
}

// readConfig returns an empty one where there is none.
func readConfig(m *destination.Machine) (c config) {
	if m.Home != "" {
		if text, err := os.ReadFile(filepath.Join(m.Home, ".railway", "config.json")); err == nil {
			_ = json.Unmarshal(text, &c) // a file that is broken is one that is not there
		}
	}
	return c
}

// linked returns the projects that the clone, the folder that it is in, or folders of it are linked to, and which folder that says, "" for none.
func (c config) linked(dir string) (projects []string, because string) {
	if dir == "" {
		return nil, ""
	}
	dirs := []string{filepath.Clean(dir)}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil && resolved != dirs[0] {
		dirs = append(dirs, resolved)
	}
	var folders []string
	for folder := range c.Projects {
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	above, nearest := "", "" // the project of the nearest folder above the clone
	for _, folder := range folders {
		id := c.Projects[folder].Project
		for _, d := range dirs {
			switch {
			case id == "":
			case folder == d || within(folder, d):
				if !slices.Contains(projects, id) {
					projects = append(projects, id)
				}
			case within(d, folder) && len(folder) > len(nearest):
				above, nearest = id, folder
			}
		}
	}
	if len(projects) == 0 && above != "" {
		projects = []string{above}
	}
	if len(projects) > 0 {
		because = "the clone is linked to a project (railway link)"
	}
	return projects, because
}

// within reports whether a folder is below another.
func within(folder, top string) bool {
	return strings.HasPrefix(folder, strings.TrimSuffix(top, string(filepath.Separator))+string(filepath.Separator))
}

// logIn finds a login, if there is none yet: a project's token, a person's or a workspace's, or that of the command-line program. The last one lasts an
// hour, and only the program may renew it.
func (d *Driver) logIn(ctx context.Context) error {
	if d.api != nil {
		return nil
	}
	if t := d.machine.Getenv("RAILWAY_TOKEN"); t != "" {
		d.api = &client{d.machine.NewAPI("Railway", base, http.Header{"Project-Access-Token": {t}}), true, false}
		return nil
	}
	t := d.machine.Getenv("RAILWAY_API_TOKEN")
	fromEnvironment := t != ""
	if !fromEnvironment {
		u := readConfig(d.machine).User
		if u.AccessToken != "" && u.ExpiresAt > 0 && !d.machine.Now().Add(time.Minute).Before(time.Unix(u.ExpiresAt, 0)) {
			_, err := d.machine.Tools().Run(ctx, destination.Call{Program: "railway", Args: []string{"whoami"}})
			if ctx.Err() != nil {
				return ctx.Err() //nolint:wrapcheck // as it is
			}
			if err != nil {
				return fmt.Errorf("renew the login on Railway: %w: %w", err, destination.ErrLogin)
			}
			u = readConfig(d.machine).User
		}
		if t = u.AccessToken; t == "" {
			t = u.Token
		}
	}
	if t == "" {
		return destination.LoggedOut("Railway")
	}
	d.api = &client{d.machine.NewAPI("Railway", base, http.Header{"Authorization": {"Bearer " + t}}), false, fromEnvironment}
	return nil
}

// advice depends on which login it was.
func (d *Driver) advice() destination.Advice {
	a := destination.Advice{
		destination.ErrLogin:       "run railway login with an account that the project is shared with, or set RAILWAY_TOKEN to a token of the project",
		destination.ErrForbidden:   "run railway whoami; the account must be a member of the project",
		destination.ErrNotFound:    "run railway status: the project, its environment or its service may be gone; run railway link again",
		destination.ErrLimited:     "wait until the next hour: Railway counts requests by the hour",
		destination.ErrUnavailable: "see https://status.railway.com",
	}
	switch {
	case d.machine.Getenv("RAILWAY_TOKEN") != "":
		a[destination.ErrLogin] = "see whether RAILWAY_TOKEN is a token of this project and environment that is still valid, or unset it and run railway login"
	case d.machine.Getenv("RAILWAY_API_TOKEN") != "":
		a[destination.ErrLogin] = "see whether RAILWAY_API_TOKEN is valid and may see the project, or unset it and run railway login"
	}
	return a
}
