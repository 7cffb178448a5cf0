package read

import (
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// TestPathsAreMatchedBeforeTheTransaction: what the write transaction asks for was matched before, and it matches nothing itself.
func TestPathsAreMatchedBeforeTheTransaction(t *testing.T) {
	t.Parallel()
	p := respond.Policy{Allow: respond.AllowList{Paths: []respond.AllowedPath{{Path: "test/**", Reason: "fixtures"}}}}
	seen := []respond.Observation{{Leak: respond.Leak{Environment: detect.Test}, Sighting: respond.Sighting{Path: "test/a.env"}}}
	allowance := allowanceOf(p, seen, time.Now())
	if reason, ok := allowance.Path(detect.Test, "test/a.env"); !ok || reason != "fixtures" {
		t.Errorf("the path that was seen: %q, %v", reason, ok)
	}
	if _, ok := allowance.Path(detect.Test, "test/b.env"); ok {
		t.Error("a path was matched after the observations")
	}
}
