package api

import (
	"context"
	"net/http"

	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/respond/ledger"
)

// SignedIn are the viewers of package signin: each sees the repositories whose leaks GitHub lets them see.
type SignedIn struct{}

// Viewer implements [Viewers].
func (SignedIn) Viewer(ctx context.Context) (ledger.Visible, bool) {
	v, ok := signin.From(ctx)
	if !ok {
		return ledger.Visible{}, false
	}
	return ledger.VisibleOnly(v.Repositories()...), true
}

// ForSignedIn is [New] for those who have signed in: require, a [signin.SignIn]'s Require, finds out who asks. The description is
// everybody's.
func ForSignedIn(c Config, require func(http.Handler) http.Handler) http.Handler {
	c.Viewers = SignedIn{}
	all := New(c)
	private := require(all)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/openapi.json" {
			all.ServeHTTP(w, r)
			return
		}
		private.ServeHTTP(w, r)
	})
}
