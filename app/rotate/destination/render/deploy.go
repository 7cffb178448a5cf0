package render

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const cron = "cron_job"

// unit is what takes the values of a place: one service, or all that are linked to a group.
func unit(users []service) destination.Unit {
	var ids, names, images []string
	for _, s := range users {
		if s.Suspended == "suspended" { // it runs nothing
			continue
		}
		ids, names = append(ids, s.ID), append(names, s.Name)
		if s.Image != "" {
			images = append(images, s.Name)
		}
	}
	if len(ids) == 0 {
		return destination.Unit{}
	}
	u := destination.Unit{Driver: name, ID: strings.Join(ids, ","), Title: "Render service " + names[0]}
	if len(names) > 1 {
		u.Title = "Render services " + strings.Join(names, ", ")
	}
	if len(images) > 0 {
		u.Takes = destination.TakesByHand
		u.ByHand = "Deploy " + strings.Join(names, ", ") + " again: in Render's dashboard, Manual Deploy. Of " + strings.Join(images, ", ") + " deploy the image reference that is live, and of the others the commit."
		return u
	}
	u.Takes, u.Redeploys = destination.TakesByRedeploy, "rebuilds the commit that is live, and puts it live"
	return u
}

// Redeploy deploys each service of a unit from the commit that is live. A cron job can't be told a commit: it gets the build that it has.
func (d *Driver) Redeploy(ctx context.Context, u destination.Unit) (destination.Deployment, error) {
	api, problem := d.logIn()
	if problem != nil {
		return destination.Deployment{}, problem.Err()
	}
	var all []service
	var bodies []map[string]string
	for id := range strings.SplitSeq(u.ID, ",") { // all can be deployed before one is
		s, err := api.service(ctx, id)
		if err != nil {
			return destination.Deployment{}, advice.On(err)
		}
		body, err := again(ctx, api, s)
		if err != nil {
			return destination.Deployment{}, advice.On(err)
		}
		all, bodies = append(all, s), append(bodies, body)
	}
	var made []string
	for i, s := range all {
		dep, err := api.deploy(ctx, s, bodies[i])
		if err != nil {
			return destination.Deployment{}, advice.On(err)
		}
		made = append(made, s.ID+"/"+dep.ID)
	}
	return destination.Deployment{Unit: u, ID: strings.Join(made, ",")}, nil
}

// again is what asks for what is live, and for nothing newer.
func again(ctx context.Context, api *api, s service) (map[string]string, error) {
	newest, ok, err := api.latest(ctx, s.ID, "")
	switch {
	case err != nil:
		return nil, err
	case ok && states[newest.Status] == "": // the one that was begun later would replace it, with the former commit
		return nil, fmt.Errorf("a deploy of service %s on Render is under way: run this again when it has ended", s.Name)
	}
	if s.Type == cron {
		return map[string]string{"deployMode": "deploy_only"}, nil
	}
	live, ok, err := api.latest(ctx, s.ID, "live")
	switch {
	case err != nil:
		return nil, err
	case !ok || live.Commit.ID == "":
		return nil, fmt.Errorf("deploy service %s on Render: no commit of it is live; it takes the value when you deploy it", s.Name)
	}
	return map[string]string{"commitId": live.Commit.ID}, nil
}

// Deployed asks how far the deploys of a unit are. They are live when all of them are.
func (d *Driver) Deployed(ctx context.Context, dep destination.Deployment) (destination.Progress, error) {
	api, problem := d.logIn()
	if problem != nil {
		return destination.Progress{}, problem.Err()
	}
	all := destination.Progress{State: destination.Live}
	for item := range strings.SplitSeq(dep.ID, ",") {
		service, id, _ := strings.Cut(item, "/")
		var got deploy
		if err := api.get(ctx, "look at the deploy of "+strings.TrimPrefix(dep.Unit.Title, "Render "), "/services/"+url.PathEscape(service)+"/deploys/"+url.PathEscape(id), nil, &got); err != nil {
			return destination.Progress{}, advice.On(err)
		}
		switch state := states[got.Status]; state {
		case destination.Failed:
			return destination.Progress{State: state, Detail: strings.ReplaceAll(got.Status, "_", " ") + "; its log is in Render's dashboard"}, nil
		case destination.Live:
		default:
			all.State = destination.Deploying
		}
	}
	return all, nil
}

// states are those of Render. One that was live and was replaced by a newer one has done its work: the newer one has the new value too.
var states = map[string]destination.DeploymentState{
	"live": destination.Live, "deactivated": destination.Live,
	"build_failed": destination.Failed, "update_failed": destination.Failed, "pre_deploy_failed": destination.Failed, "canceled": destination.Failed,
}
