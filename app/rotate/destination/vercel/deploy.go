package vercel

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// unit is what takes the value of an entry: the production deployment, or what runs in a custom environment, in previews, or on people's machines.
func (s survey) unit(e entry) destination.Unit {
	at := address{team: s.project.team(), project: s.project.ID}
	u := destination.Unit{Driver: name}
	title := func(environment string) string {
		return fmt.Sprintf("Vercel project %s (%s)", s.project.Name, environment)
	}
	switch {
	case slices.Contains(e.Target, "production"):
		return s.production(at)
	case len(e.CustomIDs) > 0:
		at.thing, u.Title, u.Takes = "custom", title("custom environments"), destination.TakesByHand
		u.ByHand = "Redeploy the latest deployment of " + s.scopes(e) + ": on Vercel, Deployments → ⋯ → Redeploy."
	case slices.Contains(e.Target, "preview"):
		at.thing, u.Title, u.Takes = "preview", title("previews"), destination.TakesByHand
		u.ByHand = "Redeploy the previews that are still in use: on Vercel, Deployments → ⋯ → Redeploy. New ones have the new value."
	case slices.Contains(e.Target, "development"):
		at.thing, u.Title, u.Takes = "development", title("development"), destination.TakesNextRun
	default:
		return destination.Unit{}
	}
	u.ID = at.id()
	return u
}

func (s survey) production(at address) destination.Unit {
	if s.project.Targets.Production == nil {
		return destination.Unit{} // it was never deployed
	}
	at.thing = "production"
	u := destination.Unit{Driver: name, ID: at.id(), Title: fmt.Sprintf("Vercel project %s (production)", s.project.Name)}
	if by := s.project.byHand(); by != "" {
		u.Takes, u.ByHand = destination.TakesByHand, by
		return u
	}
	u.Takes, u.Redeploys = destination.TakesByRedeploy, "rebuilds the live production deployment from the same commit, and puts it live"
	return u
}

// byHand says what a person does where a deployment that is built would not go live by itself.
func (p project) byHand() string {
	switch {
	case p.rolledBack():
		return "Production was rolled back, so a new deployment doesn't go live by itself: on Vercel, redeploy the deployment that is live (Deployments → ⋯ → Redeploy), then promote the new one (⋯ → Promote)."
	case p.staged():
		return "The project doesn't assign its domains by itself: on Vercel, redeploy the deployment that is live (Deployments → ⋯ → Redeploy), then promote the new one (⋯ → Promote)."
	}
	return ""
}

// Redeploy builds the deployment that is live once more: with the same sources and the values of now, as vercel redeploy does.
func (d *Driver) Redeploy(ctx context.Context, unit destination.Unit) (destination.Deployment, error) {
	api, at, err := d.reach(unit.ID)
	if err != nil {
		return destination.Deployment{}, err
	}
	p, err := api.project(ctx, at.team, at.project)
	if err != nil {
		return destination.Deployment{}, advice.On(err)
	}
	if by := p.byHand(); by != "" || p.Targets.Production == nil {
		return destination.Deployment{}, fmt.Errorf("%s can't be deployed by rekey any more: its settings changed; redeploy it on Vercel", unit.Title)
	}
	if under, err := api.deploying(ctx, at); err != nil || under {
		if err == nil { // the one that was begun later would replace it, with the former commit
			err = fmt.Errorf("a production deployment of %s is under way: run this again when it has ended", unit.Title)
		}
		return destination.Deployment{}, advice.On(err)
	}
	var made deployment
	err = api.client.Do(ctx, destination.Request{
		Method: http.MethodPost, Path: "/v13/deployments", Query: of(at.team, "forceNew", "1"), Doing: "redeploy " + strings.TrimPrefix(unit.Title, "Vercel "),
		Body: map[string]any{
			"deploymentId": p.Targets.Production.ID, "name": p.Name, "target": "production", "meta": map[string]string{"action": "redeploy"},
		},
	}, &made)
	if err != nil {
		return destination.Deployment{}, advice.On(err)
	}
	if made.ID == "" {
		return destination.Deployment{}, fmt.Errorf("redeploy %s: the answer names no deployment; look at it on Vercel", unit.Title)
	}
	return destination.Deployment{Unit: unit, ID: made.ID, URL: made.Inspector}, nil
}

// deployment is one on Vercel.
type deployment struct {
	ID            string `json:"id"`
	Inspector     string `json:"inspectorUrl"`
	ReadyState    string `json:"readyState"`
	AliasAssigned any    `json:"aliasAssigned"` // whether, or when
	AliasError    *struct {
		Message string `json:"message"`
	} `json:"aliasError"`
	ErrorMessage string `json:"errorMessage"`
	Checks       string `json:"checksConclusion"`
}

// Deployed asks how far a deployment is. It is live when the project's domains lead to it, which is a moment after it is built.
func (d *Driver) Deployed(ctx context.Context, dep destination.Deployment) (destination.Progress, error) {
	api, at, err := d.reach(dep.Unit.ID)
	if err != nil {
		return destination.Progress{}, err
	}
	var got deployment
	if err := api.get(ctx, "look at the deployment of "+strings.TrimPrefix(dep.Unit.Title, "Vercel "), "/v13/deployments/"+url.PathEscape(dep.ID), of(at.team), &got); err != nil {
		return destination.Progress{}, advice.On(err)
	}
	return got.progress(), nil
}

func (d deployment) progress() destination.Progress {
	failed := func(why string) destination.Progress {
		return destination.Progress{State: destination.Failed, Detail: destination.Quote(why, detect.Secret{})}
	}
	switch {
	case d.ReadyState == "ERROR" && d.ErrorMessage != "":
		return failed(d.ErrorMessage)
	case d.ReadyState == "ERROR":
		return failed("the build failed")
	case d.ReadyState == "CANCELED":
		return failed("it was cancelled")
	case d.ReadyState == "BLOCKED":
		return failed("Vercel blocked it")
	case d.Checks == "failed":
		return failed("its checks failed")
	case d.AliasError != nil:
		return failed(d.AliasError.Message)
	case d.ReadyState == "READY" && assigned(d.AliasAssigned):
		return destination.Progress{State: destination.Live}
	}
	return destination.Progress{State: destination.Deploying}
}

func assigned(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case float64:
		return v > 0
	}
	return false
}
