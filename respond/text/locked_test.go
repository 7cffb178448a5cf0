package text

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond"
)

// TestObservingFailsNothing: what fails a check is neutral while the policy observes, and says the same with one line more. Nothing else
// changes its conclusion.
func TestObservingFailsNothing(t *testing.T) {
	t.Parallel()
	failures := 0
	for name, f := range checkCases() {
		f.Policy.Mode = respond.ModeEnforce
		enforced, _ := Check(f)
		f.Policy.Mode, f.Policy.Origins = respond.ModeObserve, map[string]respond.PolicySource{"mode": "acme/.github"}
		observed, _ := Check(f)
		want := enforced.Conclusion
		if want == Failure {
			want = Neutral
			failures++
		}
		if observed.Conclusion != want {
			t.Errorf("%s: %s, and while observing %s", name, enforced.Conclusion, observed.Conclusion)
		}
		if !strings.Contains(observed.Summary, "acme/.github` sets `mode: observe`") {
			t.Errorf("%s does not say that it observes: %s", name, observed.Summary)
		}
		if observed.Title != enforced.Title || !reflect.DeepEqual(observed.Annotations, enforced.Annotations) {
			t.Errorf("%s: while observing it is %q with %d annotations, else %q with %d", name, observed.Title, len(observed.Annotations), enforced.Title, len(enforced.Annotations))
		}
		if strings.Contains(observed.Summary, "is being filed") || strings.Contains(observed.Summary, "rekey files them") {
			t.Errorf("%s promises an issue: %s", name, observed.Summary)
		}
	}
	if failures == 0 {
		t.Error("no case fails")
	}
}
