package manage_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// TestNothingEchoesACredential: not where server and transport repeat it in every place that there is.
func TestNothingEchoesACredential(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 302, 400, 401, 403, 404, 422, 429, 500} {
		w := unwatched(t)
		w.Fail(func(rw http.ResponseWriter, r *http.Request) {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			body := strings.ToLower(token[strings.LastIndex(token, "_")+1:])
			rw.Header().Set("Retry-After", token)
			rw.Header().Set("Location", w.URL+"/"+token)
			rw.WriteHeader(status)
			_, _ = rw.Write([]byte(`{"errors":[{"code":"` + token + `","message":"` + token + `"},{"code":"` + body + `"}],"` + token + `":1}`))
		})
		token := detect.NewSecret("ak_" + strings.ToLower(w.token.Reveal()[3:]))
		for way, p := range w.ways(t, token) {
			if way == "command" && status%100 != 0 {
				continue // a process takes its time: three of them say enough
			}
			_, err := p.RotateSecretKeys(t.Context(), app, production, 0, "")
			if err == nil {
				t.Errorf("%d is no error", status)
			}
			holdsNone(t, err, token)
			_, err = p.Applications(t.Context())
			holdsNone(t, err, token)
		}
	}
	w := unwatched(t)
	p, err := manage.NewPlatform(manage.Options{Credential: w.token, HTTP: roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("cannot send " + r.Header.Get("Authorization"))
	})})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.RotateSecretKeys(t.Context(), app, production, 0, "")
	holdsNone(t, err, w.token)
	if !errors.Is(err, manage.ErrOutcomeUnknown) {
		t.Errorf("a transport that does not say whether it sent: %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAnswersThatAreNone: what is no answer of Clerk's is never taken for one.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	w := unwatched(t)
	fresh := detecttest.Key(9, detect.Test)
	for name, test := range map[string]struct {
		status int
		body   string
		kind   error
	}{
		"a portal":                   {200, "<html>Welcome to the hotel</html>", manage.ErrOutcomeUnknown},
		"nothing":                    {200, "{}", manage.ErrOutcomeUnknown},
		"too much":                   {200, `{"x":"` + strings.Repeat("x", 5<<20) + `"}`, manage.ErrOutcomeUnknown},
		"another instance":           {200, rotated("ins_other", "production", detecttest.Key(9, detect.Live)), manage.ErrOutcomeUnknown},
		"a key of the other kind":    {200, rotated(production, "production", fresh), manage.ErrOutcomeUnknown},
		"a key with a line break":    {200, rotated(production, "development", fresh+`\n`), manage.ErrOutcomeUnknown},
		"a gateway that gave up":     {504, "", manage.ErrOutcomeUnknown},
		"a redirect":                 {307, "", manage.ErrOutcomeUnknown},
		"a proxy that says no":       {403, "<html>Blocked</html>", manage.ErrForbidden},
		"a request that is not good": {400, `{"errors":[{"code":"form_param_invalid"}]}`, manage.ErrRefused},
	} {
		w.Fail(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(test.status)
			_, _ = rw.Write([]byte(test.body))
		})
		for way, p := range w.ways(t, w.token) {
			_, err := p.RotateSecretKeys(t.Context(), app, production, 0, "")
			if !errors.Is(err, test.kind) {
				t.Errorf("%s by %s: %v", name, way, err)
			}
			holdsNone(t, err, w.token, detect.NewSecret(fresh))
		}
	}
}

func rotated(instance, environmentType, key string) string {
	return `{"application_id":"` + app + `","name":"","instances":[{"instance_id":"` + instance + `","environment_type":"` + environmentType +
		`","secret_key":"` + key + `"}]}`
}
