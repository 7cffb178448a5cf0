package cloudflare

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

var errByHand = errors.New("without CLOUDFLARE_API_TOKEN a Pages project is deployed by hand")

// Redeploy builds the production deployment of a Pages project again, from the same commit.
func (d *Driver) Redeploy(ctx context.Context, u destination.Unit) (destination.Deployment, error) {
	api, at, err := d.reachAPI(u.ID)
	if err != nil {
		return destination.Deployment{}, err
	}
	made, err := api.retry(ctx, at)
	if err != nil {
		return destination.Deployment{}, advice.On(err)
	}
	return destination.Deployment{Unit: u, ID: made.ID, URL: made.URL}, nil
}

// Deployed asks how far a deployment of a Pages project is.
func (d *Driver) Deployed(ctx context.Context, dep destination.Deployment) (destination.Progress, error) {
	api, at, err := d.reachAPI(dep.Unit.ID)
	if err != nil {
		return destination.Progress{}, err
	}
	got, err := api.deployment(ctx, at, dep.ID)
	if err != nil {
		return destination.Progress{}, advice.On(err)
	}
	return got.progress(), nil
}

// progress is by the latest stage: a stage that worked is followed by the next one, and the last is deploy.
func (d deployment) progress() destination.Progress {
	switch d.Stage.Status {
	case "failure":
		return destination.Progress{State: destination.Failed, Detail: "it failed at the stage " + d.Stage.Name + "; its log is in Cloudflare's dashboard"}
	case "canceled", "skipped":
		return destination.Progress{State: destination.Failed, Detail: "it was " + d.Stage.Status}
	case "success":
		if d.Stage.Name == "deploy" {
			return destination.Progress{State: destination.Live}
		}
	}
	return destination.Progress{State: destination.Deploying}
}

func (d *Driver) reachAPI(id string) (*api, address, error) {
	w, at, err := d.reach(id)
	if err != nil {
		return nil, address{}, err
	}
	api, ok := w.(*api)
	if !ok {
		return nil, address{}, errByHand
	}
	return api, at, nil
}
