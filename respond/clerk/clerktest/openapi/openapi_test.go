package openapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/clerk/clerktest/openapi"
)

// recorder is a test that fails without failing this one.
type recorder struct{ breaches []string }

func (*recorder) Helper()                             {}
func (r *recorder) Fatalf(format string, args ...any) { r.Errorf(format, args...) }
func (r *recorder) Errorf(format string, args ...any) {
	r.breaches = append(r.breaches, fmt.Sprintf(format, args...))
}

const refusal = `{"errors":[{"code":"c","message":"m","long_message":"l"}]}`

func TestBreaches(t *testing.T) {
	t.Parallel()
	const rotate = "POST /v1/platform/applications/app_1/instances/ins_1/rotate_secret_keys"
	const rotated = `{"application_id":"app_1","name":"n","instances":[{"instance_id":"ins_1","environment_type":"production","secret_key":"k"}]}`
	for name, test := range map[string]struct {
		request, body string
		status        int
		answer        string
		want          string // "": nothing
	}{
		"good":                      {rotate, `{"delay_old_secrets_expiration_hours":24,"reason":"r"}`, 200, rotated, ""},
		"nothing asked for":         {rotate, `{}`, 200, rotated, ""},
		"no body":                   {rotate, ``, 200, rotated, "request"},
		"half an hour":              {rotate, `{"delay_old_secrets_expiration_hours":0.5}`, 200, rotated, "request"},
		"a field that there is not": {rotate, `{"delay_hours":1}`, 200, rotated, "request"},
		"refused rightly":           {rotate, `{"delay_hours":1}`, 400, refusal, ""},
		"refused otherwise":         {rotate, `{}`, 429, refusal, ""},
		"refused without a form":    {rotate, `{}`, 429, `{"error":"slow down"}`, "answer 429"},
		"refused without words":     {rotate, `{}`, 403, `{"errors":[{"code":"c"}]}`, "answer 403"},
		"answer without a key":      {rotate, `{}`, 200, strings.ReplaceAll(rotated, `,"secret_key":"k"`, ""), "secret_key"},
		"answer of another kind":    {rotate, `{}`, 200, strings.ReplaceAll(rotated, "production", "staging"), "environment_type"},
		"status":                    {rotate, `{}`, 201, rotated, "status 201"},
		"query":                     {"GET /v1/platform/applications?include_secret_keys=true", ``, 200, `[]`, ""},
		"query that there is not":   {"GET /v1/platform/applications?secrets=1", ``, 200, `[]`, `"secrets"`},
		"too long an overlap":       {"POST /v1/machines/mch_1/secret_key/rotate", `{"previous_token_ttl":28801}`, 200, `{"object":"machine_secret_key","secret":"s"}`, "request"},
		"a body too many":           {"POST /v1/oauth_applications/oa_1/rotate_secret", `{}`, 403, refusal, "no body"},
		"no such endpoint":          {"GET /v1/users", ``, 200, `[]`, "no such endpoint"},
		"no such endpoint there":    {"GET /v1/users", ``, 404, refusal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var r recorder
			server := openapi.Watch(&r)(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if got, err := io.ReadAll(req.Body); err != nil || string(got) != test.body {
					t.Errorf("the server got %q, %v", got, err)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.answer)
			}))
			method, path, _ := strings.Cut(test.request, " ")
			req, answer := httptest.NewRequest(method, path, strings.NewReader(test.body)), httptest.NewRecorder()
			req.Header.Set("Content-Type", "application/json")
			server.ServeHTTP(answer, req)
			got := strings.Join(r.breaches, "\n")
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if answer.Code != test.status || answer.Body.String() != test.answer {
				t.Errorf("the client got %d %s", answer.Code, answer.Body)
			}
		})
	}
}

// TestACutAnswerIsNotHeldAgainstItself: the request is, and the cut goes on.
func TestACutAnswerIsNotHeldAgainstItself(t *testing.T) {
	t.Parallel()
	for path, breaches := range map[string]int{"/v1/instance": 0, "/v1/instance?x=1": 1} {
		var r recorder
		server := openapi.Watch(&r)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		func() {
			defer func() {
				if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // the very value
					t.Errorf("%s: %v", path, got)
				}
			}()
			server.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
		}()
		if len(r.breaches) != breaches {
			t.Errorf("%s: %q", path, r.breaches)
		}
	}
}
