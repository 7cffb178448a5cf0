package audit_test

import (
	"fmt"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestProxyRecipes: a key that a proxy's configuration has in the header Clerk-Secret-Key is found as any key is. So it needs no check of
// its own here.
func TestProxyRecipes(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"nginx.conf":            "proxy_set_header Clerk-Secret-Key %s;",
		"nginx/clerk.conf.tmpl": "    proxy_set_header   Clerk-Secret-Key   \"%s\";",
		"Caddyfile":             "header_up Clerk-Secret-Key %s",
		"Caddyfile.json":        `{ "Clerk-Secret-Key": ["%s"] }`,
		"worker.js":             "proxyReq.headers.set('Clerk-Secret-Key', '%s')",
		"haproxy.cfg":           "http-request set-header Clerk-Secret-Key %s",
		"traefik.yml":           "          Clerk-Secret-Key: %s",
	} {
		for _, env := range []detect.Environment{detect.Live, detect.Test} {
			text := fmt.Sprintf("location /__clerk/ {\n"+line+"\n}\n", detecttest.Key(7, env))
			found := detect.New(detect.Options{}).Scan(t.Context(), name, []byte(text))
			if len(found) != 1 {
				t.Errorf("%s: %d keys are found", name, len(found))
			}
		}
	}
}
