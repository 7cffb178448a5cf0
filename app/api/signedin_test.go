package api_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestForSignedIn: who has signed in sees what GitHub lets them see: private repositories that they read, public ones that they write
// to. Who has not is stopped before the API; the description is everybody's.
func TestForSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var access signin.Access
	require := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if access == nil {
				out.WriteHeader(http.StatusTeapot)
				return
			}
			next.ServeHTTP(out, r.WithContext(signin.With(r.Context(), signin.Viewer{Login: "mona", Access: access})))
		})
	}
	handler := api.ForSignedIn(api.Config{Store: ledger.Scope[api.Tx](w.store), Status: w, Log: slog.New(slog.DiscardHandler)}, require)
	get := func(path string) *httptest.ResponseRecorder {
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, httptest.NewRequest(http.MethodGet, path, nil))
		return out
	}
	if got := get("/api/v1/leaks"); got.Code != http.StatusTeapot {
		t.Errorf("without a session: %d", got.Code)
	}
	if got := get("/api/v1/openapi.json"); got.Code != http.StatusOK {
		t.Errorf("the description without a session: %d", got.Code)
	}
	for name, c := range map[string]struct {
		access      signin.Access
		acme, other bool
	}{
		"reads both":  {signin.Access{{ID: acme, Private: true, Role: respond.RoleRead}, {ID: other, Role: respond.RoleRead}}, true, false},
		"writes both": {signin.Access{{ID: acme, Private: true, Role: respond.RoleWrite}, {ID: other, Role: respond.RoleWrite}}, true, true},
		"no role":     {signin.Access{{ID: acme, Private: true, Role: respond.RoleNone}}, false, false},
	} {
		access = c.access
		body := get("/api/v1/leaks").Body.String()
		if strings.Contains(body, "acme/shop") != c.acme || strings.Contains(body, "other/shop") != c.other {
			t.Errorf("%s: %s", name, body)
		}
	}
}
