package app

import (
	"testing"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/text"
)

// TestARerunIsAlwaysAnswered: "Re-run" sets a commit's check suite back to queued, and it stays so until a check run in it is updated.
// So the check run is sent again also where it says what it said before.
func TestARerunIsAlwaysAnswered(t *testing.T) {
	t.Parallel()
	w := newShop(t)
	sha := w.pushed(map[string]string{"README.md": "# Shop\n"})
	for what, again := range map[string]func() (githubtest.Delivery, error){
		"the check run": func() (githubtest.Delivery, error) {
			return w.shop.Rerequest(w.ctx, w.check(w.shop, sha).ID, w.ada)
		},
		"the suite": func() (githubtest.Delivery, error) { return w.shop.RerequestSuite(w.ctx, sha, w.ada) },
	} {
		run := w.check(w.shop, sha)
		w.took(again())
		if status := w.shop.SuiteStatus(sha); status != "completed" {
			t.Errorf("after %s was asked for again, the suite is %s", what, status)
		}
		if after := w.check(w.shop, sha); after.ID != run.ID || after.Conclusion != "success" || after.Name != text.CheckName {
			t.Errorf("%s: %+v", what, after)
		}
	}
}
