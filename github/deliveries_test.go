package github_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
)

func TestHookDeliveries(t *testing.T) {
	s := newStub()
	s.HandleFunc("GET /api/v3/app/hook/deliveries", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("If-None-Match") == `W/"e"`:
			answer(304, "", "Date", "Sun, 01 Mar 2026 12:00:09 GMT")(w, r)
		case r.URL.Query().Get("cursor") == "":
			answer(200, `[{"id":3,"guid":"g3","delivered_at":"2026-03-01T12:00:03Z","event":"push","status":"OK","status_code":202,"installation_id":5,"repository_id":7},`+
				`{"id":2,"guid":"g1","delivered_at":"yesterday","redelivery":true,"event":"push","action":null,"status_code":0,"repository_id":null},"what",{"id":0,"guid":"g"},{"id":9}]`,
				"Link", `<`+apiURL+`/app/hook/deliveries?per_page=100&cursor=v1_2>; rel="next"`, "ETag", `W/"e"`, "Date", "Sun, 01 Mar 2026 12:00:09 GMT")(w, r)
		case r.URL.Query().Get("cursor") == "v1_2":
			answer(200, `[{"id":1,"guid":"g1","delivered_at":"2026-03-01T12:00:01Z","status_code":500}]`)(w, r)
		default:
			answer(400, `{"message":"Invalid cursor"}`)(w, r)
		}
	})
	app := s.app(t)
	page, err := app.HookDeliveries(t.Context(), "", "")
	if err != nil || len(page.Deliveries) != 2 || page.Unreadable != 3 || page.Next != "v1_2" || page.ETag != `W/"e"` ||
		!page.Now.Equal(time.Date(2026, 3, 1, 12, 0, 9, 0, time.UTC)) {
		t.Fatalf("%+v, %v", page, err)
	}
	if d := page.Deliveries[0]; d.GUID != "g3" || d.RepositoryID != 7 || !d.OK() || d.Pending() {
		t.Errorf("%+v", d)
	}
	if d := page.Deliveries[1]; !d.Redelivery || !d.DeliveredAt.IsZero() || d.OK() || !d.Pending() {
		t.Errorf("%+v", d)
	}
	if page, err := app.HookDeliveries(t.Context(), "v1_2", ""); err != nil || len(page.Deliveries) != 1 || page.Next != "" || page.Deliveries[0].StatusCode != 500 {
		t.Errorf("%+v, %v", page, err)
	}
	if page, err := app.HookDeliveries(t.Context(), "", `W/"e"`); err != nil || !page.Unchanged || page.ETag != `W/"e"` || page.Now.IsZero() {
		t.Errorf("%+v, %v", page, err)
	}
	if _, err := app.HookDeliveries(t.Context(), "old", ""); !errors.Is(err, github.ErrCursor) {
		t.Errorf("an old cursor: %v", err)
	}
}

func TestHookDelivery(t *testing.T) {
	s := newStub()
	const head = `"guid":"g1","event":"push","request":{"headers":{"X-GitHub-Event":"push"}`
	s.HandleFunc("GET /api/v3/app/hook/deliveries/1", answer(200, `{"id":1,`+head+`,"payload":{"ref":"refs/heads/a"}}}`))
	s.HandleFunc("GET /api/v3/app/hook/deliveries/2", answer(200, `{"id":2,`+head+`}}`))
	s.HandleFunc("GET /api/v3/app/hook/deliveries/3", answer(200, `{"id":3,`+head+`,"payload":null}}`))
	s.HandleFunc("GET /api/v3/app/hook/deliveries/4", answer(200, `{"id":4,`+head+`,"payload":"{\"ref\":"}}`))
	s.HandleFunc("GET /api/v3/app/hook/deliveries/5", answer(404, `{"message":"Not Found"}`))
	s.HandleFunc("GET /api/v3/app/hook/deliveries/6", answer(200, `{"id":6,"guid":`))
	s.HandleFunc("POST /api/v3/app/hook/deliveries/1/attempts", answer(202, `{}`))
	app := s.app(t)
	for id, want := range map[int64]struct {
		payload string
		err     error
	}{
		1: {`{"ref":"refs/heads/a"}`, nil}, 2: {"", github.ErrNoPayload}, 3: {"", github.ErrNoPayload}, 4: {`{"ref":`, nil}, 5: {"", github.ErrNotFound},
	} {
		d, payload, err := app.GetHookDelivery(t.Context(), id)
		if string(payload) != want.payload || !errors.Is(err, want.err) || want.err == nil && (err != nil || d.ID != id || d.Event != "push") {
			t.Errorf("%d: %+v, %s, %v", id, d, payload, err)
		}
	}
	if _, _, err := app.GetHookDelivery(t.Context(), 6); err == nil || errors.Is(err, github.ErrNoPayload) {
		t.Errorf("an answer that was cut off: %v", err)
	}
	if err := app.RedeliverHookDelivery(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestDeliveriesKept(t *testing.T) {
	for url, want := range map[string]time.Duration{
		"https://github.com": 3 * 24 * time.Hour, "https://acme.ghe.com": 3 * 24 * time.Hour, "https://github.acme.example": 7 * 24 * time.Hour,
	} {
		app, err := github.New(github.Config{AppID: 1, PrivateKey: appKey(), WebURL: url})
		if err != nil {
			t.Fatal(err)
		}
		if got := app.DeliveriesKept(); got != want {
			t.Errorf("%s: %s", url, got)
		}
	}
}

func TestWriteWithin(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{
		0: github.WriteTimeout, 10 * time.Second: 10 * time.Second, time.Hour: github.WriteTimeout,
	} {
		app, err := github.New(github.Config{AppID: 1, PrivateKey: appKey(), WebURL: "https://github.com", RequestTimeout: timeout})
		if err != nil {
			t.Fatal(err)
		}
		if got := app.WriteWithin(); got != want {
			t.Errorf("requests of %s: %s, want %s", timeout, got, want)
		}
	}
}
