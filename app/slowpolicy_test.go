package app

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestPolicyHoldsUpNoWrite: while one push waits for its policy, everybody else's writes go through.
func TestPolicyHoldsUpNoWrite(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	key, _ := w.secret(770, detect.Live)
	asked, release := make(chan struct{}, 1), make(chan struct{})
	w.github.Inject(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/contents/.github/rekey.yml") {
			select {
			case asked <- struct{}{}:
			default:
			}
			<-release
		}
		next.ServeHTTP(rw, r)
	})
	sha := w.pushed(map[string]string{".env": env(key)})
	<-asked
	ctx, cancel := context.WithTimeout(w.ctx, testTimeout)
	err := w.server.Store().Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return tx.SetMeta(ctx, "test", "written") })
	cancel()
	close(release)
	if err != nil {
		t.Errorf("a write waits for a policy: %v", err)
	}
	w.settle()
	w.conclusion(sha, "failure")
}
