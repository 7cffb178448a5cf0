package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
)

// TestCommandOnAnIssueThatIsNotRecorded gives commands on an issue that GitHub has filed, and whose answer was lost: it stands
// there, and rekey does not know its number yet. They are applied when it does.
func TestCommandOnAnIssueThatIsNotRecorded(t *testing.T) {
	tests := map[string]func(*testing.T){}
	for name, give := range map[string]func(w *world, number int){
		"Comment": func(w *world, number int) {
			w.say(number, "/rekey ignore it never worked", w.ada)
		},
		"Closed": func(w *world, number int) {
			w.took(w.shop.CloseIssue(w.ctx, number, "", w.ada))
		},
	} {
		tests[name] = func(t *testing.T) {
			w := newShop(t)
			text, key := w.secret(72, detect.Live)
			w.clerk.Delete(key)
			files := func(r *http.Request) bool {
				return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues")
			}
			w.github.Inject(githubtest.Times(1, files, githubtest.CutAfter))
			w.pushed(map[string]string{".env": env(text)})
			w.eventually("the issue to be filed", func() bool { return len(w.shop.Issues()) == 1 })
			number := w.shop.Issues()[0].Number
			give(w, number)
			w.settle()
			want := map[string]respond.State{"Comment": respond.Ignored, "Closed": respond.Revoked}[name]
			w.state(number, "closed", want)
			w.last(number, 1)
			w.filed(1)
		}
	}
	together(t, tests)
}
