package respond_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/respondtest"
)

// TestExposed: a leak without a key is told by its advisory alone, whatever was seen.
func TestExposed(t *testing.T) {
	t.Parallel()
	one := respond.Exposed("GHSA-1111-2222-3333", detect.CriticalSeverity, "the proxy is on")
	same := respond.Exposed("GHSA-1111-2222-3333", detect.HighSeverity, "clerkFrontendApiProxy is called")
	other := respond.Exposed("GHSA-4444-5555-6666", detect.CriticalSeverity, "the proxy is on")
	if len(one.Fingerprint) != 32 || strings.Trim(one.Fingerprint, "0123456789abcdef") != "" || one.Fingerprint != same.Fingerprint || one.Fingerprint == other.Fingerprint {
		t.Errorf("fingerprints %q, %q, %q", one.Fingerprint, same.Fingerprint, other.Fingerprint)
	}
	if one.Verifiable() || !one.Sure() || !one.IsOpen() || one.Redacted != "GHSA-1111-2222-3333" {
		t.Errorf("%+v", one)
	}
	if got, want := respond.Describe(one.Kind, one.Environment), "secret key exposed by advisory"; got != want {
		t.Errorf("described as %q", got)
	}
}

// TestExposedStill: what a person closed as resolved opens again while the default branch is affected; a false positive stays one.
func TestExposedStill(t *testing.T) {
	t.Parallel()
	for state, opens := range map[respond.State]bool{respond.Open: false, respond.Resolved: true, respond.Ignored: false} {
		leak := respond.Exposed("GHSA-1111-2222-3333", detect.CriticalSeverity, "the proxy is on")
		leak.ID, leak.Repository, leak.State, leak.IssueNumber = 3, respondtest.Shop.ID, state, 12
		f := respond.LeakFacts{Repository: respondtest.Shop, Leak: leak, Policy: respond.DefaultPolicy(), Heads: []string{respondtest.Head}}
		d := respond.ExposedStill(f, respondtest.Monday)
		var did []respond.Effect
		for _, a := range d.Actions {
			did = append(did, a.Do)
		}
		if opens != (len(d.Changes) == 1) || opens != (len(did) > 0) {
			t.Errorf("%s: changes %+v, actions %q", state, d.Changes, did)
		}
		if !opens {
			continue
		}
		if c := d.Changes[0]; c.To != respond.Open || c.By != respond.Self {
			t.Errorf("%s: %+v", state, c)
		}
		f.Hidden = true
		for _, a := range respond.ExposedStill(f, respondtest.Monday).Actions {
			if a.Do == respond.Comment && a.Reply.Kind != respond.ReplyPublicMoved {
				t.Errorf("a public comment of the kind %v", a.Reply.Kind)
			}
		}
	}
}
