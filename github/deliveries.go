package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Delivery is one attempt to deliver a webhook, in GitHub's own log, which goes back as far as [App.DeliveriesKept]. A redelivery has
// an id of its own and the GUID of the first.
type Delivery struct {
	ID             int64
	GUID           string // X-GitHub-Delivery
	Event, Action  string
	DeliveredAt    time.Time // by GitHub's clock; zero where it was not told
	Redelivery     bool
	Status         string // OK, or what failed
	StatusCode     int    // of our answer; 0: there was none yet
	InstallationID int64
	RepositoryID   int64
}

// OK reports whether the attempt was answered as GitHub wants it.
func (d Delivery) OK() bool { return d.StatusCode/100 == 2 }

// Pending reports whether the attempt has no outcome yet.
func (d Delivery) Pending() bool { return d.StatusCode == 0 }

// DeliveryPage is a page of GitHub's log, the newest first.
type DeliveryPage struct {
	Deliveries []Delivery // at most 100
	Unreadable int        // entries that make no sense
	Next       string     // cursor of the page before; "": there is none
	ETag       string
	Unchanged  bool      // it is the page with the ETag that was asked with; then it holds nothing else
	Now        time.Time // GitHub's clock; zero where it was not told
}

// DeliveriesKept is how far back GitHub's log goes.
func (a *App) DeliveriesKept() time.Duration {
	const day = 24 * time.Hour
	host := strings.ToLower(a.web.Hostname())
	if host == "github.com" || host == "www.github.com" || strings.HasSuffix(host, ".ghe.com") {
		return 3 * day
	}
	return 7 * day // GitHub Enterprise Server
}

// HookDeliveries reads a page of the App's deliveries: that of the cursor, or the newest for "". With an etag, GitHub may answer that
// nothing has changed, which costs no quota. A cursor that GitHub refuses is [ErrCursor].
func (a *App) HookDeliveries(ctx context.Context, cursor, etag string) (DeliveryPage, error) {
	const op = "list hook deliveries"
	path := "app/hook/deliveries?per_page=100"
	if cursor != "" {
		path += "&" + url.Values{"cursor": {cursor}}.Encode()
	}
	var page DeliveryPage
	var entries []json.RawMessage
	err := a.calls.do(ctx, op, read, func(ctx context.Context) error {
		rest := a.calls.rest()
		request, err := rest.NewRequest(http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		if etag != "" {
			request.Header.Set("If-None-Match", etag)
		}
		resp, err := rest.Do(ctx, request, &entries)
		if resp == nil {
			return err
		}
		page.Now, _ = http.ParseTime(resp.Header.Get("Date"))
		if resp.StatusCode == http.StatusNotModified {
			page.Unchanged, page.ETag = true, etag
			return nil
		}
		if err != nil {
			return err
		}
		page.ETag = resp.Header.Get("ETag")
		page.Next, err = a.calls.nextCursor(resp.Header)
		return err
	})
	if f, ok := failureOf(err); ok && cursor != "" && (f.status == http.StatusBadRequest || f.status == http.StatusUnprocessableEntity) {
		return DeliveryPage{}, fmt.Errorf("%w: %w", ErrCursor, err)
	}
	if err != nil {
		return DeliveryPage{}, err
	}
	for _, entry := range entries {
		d, err := deliveryOf(entry)
		if err != nil {
			page.Unreadable++
			continue
		}
		page.Deliveries = append(page.Deliveries, d)
	}
	return page, nil
}

// ErrCursor is returned for a cursor that GitHub does not know any more.
var ErrCursor = errors.New("GitHub does not know the place in its log any more")

// nextCursor returns the cursor of the page that follows, or "".
func (c caller) nextCursor(header http.Header) (string, error) {
	address, err := c.nextPage(header)
	if err != nil || address == "" {
		return "", err
	}
	next, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	return next.Query().Get("cursor"), nil
}

// ErrNoPayload is returned for a delivery whose payload GitHub's log does not hold.
var ErrNoPayload = errors.New("GitHub's log does not hold the payload")

// GetHookDelivery returns a delivery with its payload, which comes as JSON but not byte for byte as it was signed. It need not be a
// JSON object. Where the log does not hold it, that is [ErrNoPayload]; a delivery that is not in the log any more is [ErrNotFound].
func (a *App) GetHookDelivery(ctx context.Context, id int64) (d Delivery, payload []byte, err error) {
	const op = "read hook delivery"
	var text json.RawMessage
	if _, err := a.calls.get(ctx, op, fmt.Sprintf("app/hook/deliveries/%d", id), "", &text); err != nil {
		return Delivery{}, nil, err
	}
	failed := func(err error) error { return &Error{Op: op, About: a.calls.about, Err: err} }
	if d, err = deliveryOf(text); err != nil {
		return Delivery{}, nil, failed(err)
	}
	if payload = payloadOf(text); payload == nil {
		return Delivery{}, nil, failed(ErrNoPayload)
	}
	return d, payload, nil
}

// payloadOf returns the payload of an entry of the log, or nil: as JSON, or as the text that GitHub did not take for JSON.
func payloadOf(entry []byte) []byte {
	var answer struct {
		Request struct {
			Payload json.RawMessage `json:"payload"`
		} `json:"request"`
	}
	if json.Unmarshal(entry, &answer) != nil || len(answer.Request.Payload) == 0 || bytes.Equal(answer.Request.Payload, []byte("null")) {
		return nil
	}
	var quoted string
	if json.Unmarshal(answer.Request.Payload, &quoted) == nil {
		return []byte(quoted)
	}
	return answer.Request.Payload
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

// deliveryOf reads an entry of the log. A time that makes no sense is zero.
func deliveryOf(text []byte) (Delivery, error) {
	var j struct {
		ID             int64  `json:"id"`
		GUID           string `json:"guid"`
		DeliveredAt    string `json:"delivered_at"`
		Redelivery     bool   `json:"redelivery"`
		Status         string `json:"status"`
		StatusCode     int    `json:"status_code"`
		Event          string `json:"event"`
		Action         string `json:"action"`
		InstallationID int64  `json:"installation_id"`
		RepositoryID   int64  `json:"repository_id"`
	}
	if err := json.Unmarshal(text, &j); err != nil || j.ID == 0 || j.GUID == "" {
		return Delivery{}, errors.New("an entry of GitHub's log of deliveries makes no sense")
	}
	at, _ := time.Parse(time.RFC3339, j.DeliveredAt)
	return Delivery{
		ID: j.ID, GUID: j.GUID, Event: j.Event, Action: j.Action, DeliveredAt: at, Redelivery: j.Redelivery,
		Status: j.Status, StatusCode: j.StatusCode, InstallationID: j.InstallationID, RepositoryID: j.RepositoryID,
	}, nil
}
