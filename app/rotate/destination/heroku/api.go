package heroku

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// varsPath is where an app or a stage has its config vars.
func varsPath(id string) string {
	var escaped strings.Builder
	for part := range strings.SplitSeq(id, "/") {
		escaped.WriteString("/" + url.PathEscape(part))
	}
	return escaped.String() + "/config-vars"
}

func (d *Driver) get(ctx context.Context, path, doing string, out any) error {
	return d.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: path, Doing: doing}, out) //nolint:wrapcheck // it says all
}

func (d *Driver) vars(ctx context.Context, id, title string) (map[string]string, error) {
	var vars map[string]*string
	if err := d.get(ctx, varsPath(id), "read the config vars of "+strings.TrimPrefix(title, "Heroku "), &vars); err != nil {
		return nil, err
	}
	set := make(map[string]string, len(vars))
	for name, value := range vars {
		if value != nil {
			set[name] = *value
		}
	}
	return set, nil
}

func (d *Driver) account(ctx context.Context) (string, error) {
	var who struct {
		Email string `json:"email"`
	}
	err := d.get(ctx, "/account", "check the login", &who)
	if errors.Is(err, destination.ErrForbidden) { // a token of a narrow scope may not ask
		return "", nil
	}
	return destination.Quote(who.Email, detect.Secret{}), err
}

type reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// coupling is an app's place in a pipeline.
type coupling struct {
	App      reference `json:"app"`
	Pipeline reference `json:"pipeline"`
	Stage    string    `json:"stage"`
}

// stages are those whose apps a pipeline starts by itself, with config vars that the pipeline has for them.
var stages = []struct{ stage, title, note string }{
	{"review", "review apps", "Review apps that exist already keep the old value: set it in each one that is still needed."},
	{"test", "test runs", ""},
}

// holders are an app, the other apps of its pipeline, and the pipeline's own config vars. There may be some beside an error.
func (d *Driver) holders(ctx context.Context, app string) ([]holder, error) {
	var in coupling
	err := d.get(ctx, "/apps/"+url.PathEscape(app)+"/pipeline-couplings", "ask for the pipeline of app "+app, &in)
	switch {
	case errors.Is(err, destination.ErrNotFound), errors.Is(err, destination.ErrForbidden): // in none; or the app itself says it better
		return []holder{ofApp(app, "")}, nil
	case err != nil:
		return nil, err
	case in.Pipeline.ID == "":
		return []holder{ofApp(app, "")}, nil
	}
	found := []holder{ofApp(app, in.Stage)}
	pipeline := "/pipelines/" + url.PathEscape(in.Pipeline.ID)
	var others []coupling
	if err := d.get(ctx, pipeline+"/pipeline-couplings", "list the apps of the pipeline of app "+app, &others); err != nil {
		return found, err
	}
	for _, other := range others {
		if other.App.ID == in.App.ID || other.Stage == "review" {
			continue
		}
		var a reference
		if err := d.get(ctx, "/apps/"+url.PathEscape(other.App.ID), "read the name of an app in the pipeline of app "+app, &a); err != nil {
			return found, err
		}
		found = append(found, ofApp(a.Name, other.Stage))
	}
	var p reference
	if err := d.get(ctx, pipeline, "read the name of the pipeline of app "+app, &p); err != nil {
		return found, err
	}
	return append(found, ofPipeline(p)...), nil
}

func ofApp(app, stage string) holder {
	title := "Heroku app " + app
	return holder{
		id: "apps/" + app, title: title, scope: scope(stage),
		unit: destination.Unit{Driver: name, ID: "apps/" + app, Title: title, Takes: destination.TakesAtOnce},
	}
}

func ofPipeline(p reference) []holder {
	var out []holder
	for _, s := range stages {
		id, title := "pipelines/"+p.ID+"/stage/"+s.stage, "Heroku pipeline "+p.Name+", "+s.title
		out = append(out, holder{
			id: id, title: title, scope: destination.Preview, note: s.note,
			unit: destination.Unit{Driver: name, ID: id, Title: title, Takes: destination.TakesNextRun},
		})
	}
	return out
}

// scope says for what a stage is. Staging may be either: its value tells.
func scope(stage string) destination.Scope {
	switch stage {
	case "production":
		return destination.Production
	case "development":
		return destination.Development
	}
	return ""
}
