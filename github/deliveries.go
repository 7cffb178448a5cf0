package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

// Delivery is a webhook delivery in GitHub's own log, which goes three days back on github.com, seven on Enterprise
// Server. A redelivery has an id of its own and the GUID of the first.
type Delivery struct {
	ID             int64
	GUID           string // X-GitHub-Delivery
	Event, Action  string
	DeliveredAt    time.Time
	Redelivery     bool
	Status         string // OK, or what failed
	StatusCode     int    // of our answer; 0: there was none
	InstallationID int64
	RepositoryID   int64
}

// ListHookDeliveries lists the App's deliveries since then, newest first.
func (a *App) ListHookDeliveries(ctx context.Context, since time.Time) ([]Delivery, error) {
	var list []Delivery
	err := eachPage(ctx, a.calls, "list hook deliveries", "app/hook/deliveries?per_page=100",
		func(page []*gogithub.HookDelivery) bool {
			for _, d := range page {
				if d.GetDeliveredAt().Before(since) {
					return false
				}
				list = append(list, deliveryOf(d))
			}
			return true
		})
	return list, err
}

// GetHookDelivery returns a delivery with its payload, which comes as JSON but not byte for byte as it was signed.
func (a *App) GetHookDelivery(ctx context.Context, id int64) (d Delivery, payload []byte, err error) {
	const op = "read hook delivery"
	var answer gogithub.HookDelivery
	if _, err := a.calls.get(ctx, op, fmt.Sprintf("app/hook/deliveries/%d", id), "", &answer); err != nil {
		return Delivery{}, nil, err
	}
	if answer.Request == nil || answer.Request.RawPayload == nil {
		return Delivery{}, nil, &Error{Op: op, About: a.calls.about, Err: errors.New("GitHub's answer holds no payload")}
	}
	return deliveryOf(&answer), *answer.Request.RawPayload, nil
}

// RedeliverHookDelivery asks GitHub to send the delivery again.
func (a *App) RedeliverHookDelivery(ctx context.Context, id int64) error {
	return a.calls.do(ctx, "redeliver hook delivery", read, func(ctx context.Context) error {
		rest := a.calls.rest()
		request, err := rest.NewRequest(http.MethodPost, fmt.Sprintf("app/hook/deliveries/%d/attempts", id), nil)
		if err != nil {
			return err
		}
		_, err = rest.Do(ctx, request, nil)
		return err
	})
}

func deliveryOf(d *gogithub.HookDelivery) Delivery {
	return Delivery{
		ID: d.GetID(), GUID: d.GetGUID(), Event: d.GetEvent(), Action: d.GetAction(), DeliveredAt: d.GetDeliveredAt().Time,
		Redelivery: d.GetRedelivery(), Status: d.GetStatus(), StatusCode: d.GetStatusCode(),
		InstallationID: d.GetInstallationID(), RepositoryID: d.GetRepositoryID(),
	}
}
