package clerktest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest/openapi"
)

// TestRefusals sends what no client of ours sends; the answers are held against Clerk's descriptions.
func TestRefusals(t *testing.T) {
	t.Parallel()
	server := clerktest.New(time.Now)
	defer server.Close()
	server.Wrap(openapi.Watch(t))
	token, key, machine := detect.NewSecret(detecttest.PlatformAPIKey(1)), detect.NewSecret(detecttest.Key(1, detect.Live)), detect.NewSecret(detecttest.MachineSecretKey(1))
	server.AddLogin(token, clerktest.Login{})
	server.AddApplication(clerktest.Application{ID: "app_1", Name: "One", Instances: []clerktest.Instance{{ID: "ins_1", Environment: detect.Live}}})
	server.Add(key, "ins_1", detect.Live)
	server.AddMachine("ins_1", "mch_1", "mail", machine)
	const rotate, rotateMachine = "POST /v1/platform/applications/app_1/instances/ins_1/rotate_secret_keys", "POST /v1/machines/mch_1/secret_key/rotate"
	for _, test := range []struct {
		request, body string
		credential    detect.Secret
		status        int
		code          string
	}{
		{"GET /v1/platform/applications", "", detect.Secret{}, 401, "authorization_header_format_invalid"},
		{"GET /v1/platform/applications", "", key, 401, "authentication_invalid"},
		{rotate, `{"delay_old_secrets_expiration_hours":721}`, token, 400, "form_param_invalid"},
		{rotate, `{"delay_old_secrets_expiration_hours":-1}`, token, 400, "form_param_invalid"},
		{rotate, `{"delay":1}`, token, 400, "request_body_invalid"},
		{rotate, `nonsense`, token, 400, "request_body_invalid"},
		{"POST /v1/platform/applications/app_1/instances/ins_2/rotate_secret_keys", `{}`, token, 404, "resource_not_found"},
		{"GET /v1/platform/users", "", token, 404, "resource_not_found"},
		{"GET /v1/users", "", key, 404, "resource_not_found"},
		{"GET /v1/instance", "", token, 401, "clerk_key_invalid"},
		{rotateMachine, `{}`, key, 422, "form_param_invalid"},
		{rotateMachine, `{"previous_token_ttl":28801}`, key, 422, "form_param_invalid"},
		{rotateMachine, `{"previous_token_ttl":0}`, token, 401, "clerk_key_invalid"},
		{"GET /v1/machines?limit=501", "", key, 422, "form_param_invalid"},
		{"GET /v1/machines?offset=-1", "", key, 422, "form_param_invalid"},
		{"POST /v1/oauth_applications/oa_1/rotate_secret", "", key, 404, "resource_not_found"},
	} {
		method, path, _ := strings.Cut(test.request, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if test.credential != (detect.Secret{}) {
			req.Header.Set("Authorization", "Bearer "+test.credential.Reveal())
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != test.status || !strings.Contains(string(body), `"code":"`+test.code+`"`) {
			t.Errorf("%s: %d %s, %v", test.request, resp.StatusCode, body, err)
		}
	}
	if !server.Works(key) || !server.Works(machine) {
		t.Error("something was rotated")
	}
}
