package destination_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// vendor answers requests one after the other; the last answer stays.
type vendor struct {
	answers []answer
	asked   []string // methods and addresses
	waited  []time.Duration
	last    time.Time
}

type answer struct {
	status int // 0: the connection breaks
	header map[string]string
	body   string
}

func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	if len(v.asked) > 0 {
		v.waited = append(v.waited, time.Since(v.last))
	}
	v.asked, v.last = append(v.asked, r.Method+" "+r.URL.String()), time.Now()
	a := v.answers[0]
	if len(v.answers) > 1 {
		v.answers = v.answers[1:]
	}
	if a.status == 0 {
		body, _ := io.ReadAll(r.Body)
		return nil, fmt.Errorf("broken pipe: %s", body) // as a careless transport would
	}
	resp := &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}
	for name, value := range a.header {
		resp.Header.Set(name, strings.ReplaceAll(value, "NOW", time.Now().UTC().Format(http.TimeFormat)))
	}
	return resp, nil
}

// TestAPI sends a request to which the vendor says this and that, by a clock that stands still but for waits.
func TestAPI(t *testing.T) {
	t.Parallel()
	in30 := fmt.Sprint(time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC).Unix()) // synctest's time begins with the year 2000
	in90 := fmt.Sprint(time.Date(2000, 1, 1, 0, 1, 30, 0, time.UTC).Unix())
	const well = "done"
	for name, c := range map[string]struct {
		answers []answer
		once    bool
		want    string // the error; well for none
		class   error
		asked   int
		waited  time.Duration // in all
	}{
		"well":            {[]answer{{200, nil, `{"name":"x"}`}}, false, well, nil, 1, 0},
		"a fault":         {[]answer{{502, nil, ""}, {0, nil, ""}, {200, nil, "{}"}}, false, well, nil, 3, 1500 * time.Millisecond},
		"a fault, once":   {[]answer{{502, nil, ""}, {200, nil, "{}"}}, true, "list on Acme: it could not be reached, or failed (status 502)", destination.ErrUnavailable, 1, 0},
		"lost, once":      {[]answer{{0, nil, ""}, {200, nil, "{}"}}, true, "list on Acme: it could not be reached, or failed", destination.ErrUnavailable, 1, 0},
		"down":            {[]answer{{0, nil, ""}}, false, "list on Acme: it could not be reached, or failed", destination.ErrUnavailable, 4, 3500 * time.Millisecond},
		"limited":         {[]answer{{429, map[string]string{"Retry-After": "7"}, ""}, {200, nil, "{}"}}, false, well, nil, 2, 7 * time.Second},
		"limited, 403":    {[]answer{{403, map[string]string{"Retry-After": "9"}, ""}, {200, nil, "{}"}}, false, well, nil, 2, 9 * time.Second},
		"limited, no say": {[]answer{{429, nil, ""}, {200, nil, "{}"}}, false, well, nil, 2, 500 * time.Millisecond},
		"used up":         {[]answer{{403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in30, "Date": "NOW"}, ""}, {200, nil, "{}"}}, false, well, nil, 2, 30 * time.Second},
		"used up for long": {
			[]answer{{403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in90, "Date": "NOW"}, `{"message":"used up"}`}},
			false,
			"list on Acme: used up; it asks to wait 1m30s", destination.ErrLimited, 1, 0,
		},
		"limited for long":   {[]answer{{429, map[string]string{"Retry-After": "3600"}, ""}}, false, "list on Acme: too many requests (status 429); it asks to wait 1h0m0s", destination.ErrLimited, 1, 0},
		"the last one":       {[]answer{{200, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in90, "Date": "NOW"}, "{}"}}, false, well, nil, 1, 0},
		"login":              {[]answer{{401, nil, `{"error":{"code":"expired","message":"Token\nexpired"}}`}}, false, "list on Acme: Token expired", destination.ErrLogin, 1, 0},
		"forbidden":          {[]answer{{403, map[string]string{"X-RateLimit-Remaining": "7"}, `{"errors":[{"message":"Not yours","code":10}]}`}}, false, "list on Acme: Not yours", destination.ErrForbidden, 1, 0},
		"not found":          {[]answer{{404, nil, `{"id":"not_found","message":"Couldn't find that app."}`}}, false, "list on Acme: Couldn't find that app", destination.ErrNotFound, 1, 0},
		"gone":               {[]answer{{410, nil, ``}}, false, "list on Acme: there is no such thing, or the login may not see it (status 410)", destination.ErrNotFound, 1, 0},
		"refused":            {[]answer{{422, nil, `{"error":"too long"}`}}, false, "list on Acme: too long", destination.ErrInvalid, 1, 0},
		"elsewhere":          {[]answer{{302, map[string]string{"Location": "https://eve.example/"}, ""}, {200, nil, "{}"}}, false, "list on Acme: the request was refused (status 302)", destination.ErrInvalid, 1, 0},
		"no JSON":            {[]answer{{200, nil, "<html>"}}, false, "list on Acme: its answer is not what its description says", destination.ErrUnavailable, 1, 0},
		"the secret":         {[]answer{{422, nil, `{"message":"SECRET is no key"}`}}, false, "list on Acme: the request was refused (status 422)", destination.ErrInvalid, 1, 0},
		"a part of it":       {[]answer{{422, nil, `{"message":"…PART is no key"}`}}, false, "list on Acme: the request was refused (status 422)", destination.ErrInvalid, 1, 0},
		"another credential": {[]answer{{422, nil, `{"message":"whsec_x is no key"}`}}, false, "list on Acme: the request was refused (status 422)", destination.ErrInvalid, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				secret := detecttest.Key(1, detect.Live)
				for i := range c.answers {
					c.answers[i].body = strings.NewReplacer("SECRET", secret, "PART", secret[20:28]).Replace(c.answers[i].body)
				}
				v := &vendor{answers: c.answers}
				m := &destination.Machine{Transport: v, Now: time.Now}
				api := m.NewAPI("Acme", "https://api.acme.example/", http.Header{"Authorization": {"Bearer x"}})
				do := api.Do
				if c.once {
					do = api.Once
				}
				var header http.Header
				var out struct{ Name string }
				err := do(t.Context(), destination.Request{
					Method: http.MethodPost, Path: "/things", Query: map[string][]string{"a": {"b c"}}, Body: map[string]string{"value": secret},
					Secret: detect.NewSecret(secret), Doing: "list", Header: &header,
				}, &out)
				got := well
				if err != nil {
					got = err.Error()
				}
				var waited time.Duration
				for _, w := range v.waited {
					waited += w
				}
				if got != c.want || !errors.Is(err, c.class) || len(v.asked) != c.asked || waited != c.waited {
					t.Errorf("%s, asked %d times in %s", got, len(v.asked), waited)
				}
				if v.asked[0] != "POST https://api.acme.example/things?a=b+c" || name == "well" && (out.Name != "x" || header == nil) {
					t.Errorf("%s: %+v, %v", v.asked[0], out, header)
				}
			})
		})
	}
}

// TestAPIIsCancelled ends a call while it waits.
func TestAPIIsCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answers: []answer{{429, map[string]string{"Retry-After": "50"}, ""}}}
		api := (&destination.Machine{Transport: v, Now: time.Now}).NewAPI("Acme", "https://api.acme.example", nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		err := api.Do(ctx, destination.Request{Method: http.MethodGet, Path: "/", Doing: "list"}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 10*time.Second || len(v.asked) != 1 {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
