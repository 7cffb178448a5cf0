package rotate

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// TestChosen: what surely holds the credential is written, what surely doesn't isn't, and a person is asked about the rest.
func TestChosen(t *testing.T) {
	t.Parallel()
	const yes, no, doubt = "yes", "no", "doubt"
	for _, c := range []struct {
		holding destination.Holding
		scope   destination.Scope
		env     detect.Environment
		way     Way
		want    string
	}{
		{destination.Compromised, "", detect.Live, Guided, yes},
		{destination.Compromised, destination.Preview, detect.Live, Guided, yes},
		{destination.Nothing, destination.Production, detect.Live, Guided, no},
		{destination.Other, destination.Production, detect.Live, Guided, no},
		{destination.Same, destination.Production, detect.Live, Guided, doubt},
		{destination.Same, destination.Production, detect.Live, ByAPI, doubt},
		{destination.Unreadable, destination.Production, detect.Live, Guided, yes},
		{destination.Unreadable, destination.Preview, detect.Live, Guided, no},
		{destination.Unreadable, destination.Development, detect.Live, Guided, no},
		{destination.Unreadable, "", detect.Live, Guided, doubt},
		{destination.Unreadable, destination.Production, detect.Test, Guided, no},
		{destination.Unreadable, destination.Preview, detect.Test, Guided, yes},
		{destination.Unreadable, destination.Development, detect.Test, Guided, yes},
		{destination.Unreadable, destination.Production, "", Guided, doubt},
	} {
		place := destination.Place{Driver: "vercel", ID: "p", Holding: c.holding, Scope: c.scope}
		f := Facts{Subject: Subject{Kind: detect.SecretKey, Environment: c.env}, Way: c.way}
		write, why, unsure := chosen(place, f)
		got := map[bool]string{true: yes, false: no}[write]
		if unsure {
			got = doubt
		}
		if got != c.want || write != (why == "") {
			t.Errorf("%+v: %s, %q", c, got, why)
		}
		f.Include = []string{"vercel:p"}
		if write, _, _ := chosen(place, f); !write {
			t.Errorf("%+v: not written although a person said so", c)
		}
	}
}

// TestTitles: what an issue's title says is read as it was written.
func TestTitles(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]Subject{
		"Leaked Clerk production secret key sk_live_…a1b2":                {Kind: detect.SecretKey, Environment: detect.Live, Redacted: "sk_live_…a1b2"},
		"Leaked Clerk development secret key sk_test_…a1b2 in acme/other": {Kind: detect.SecretKey, Environment: detect.Test, Redacted: "sk_test_…a1b2"},
		"Leaked Clerk webhook signing secret whsec_…a1b2":                 {Kind: detect.WebhookSecret, Redacted: "whsec_…a1b2"},
		"Leaked Clerk claim URL …":                                        {Kind: detect.ClaimURL},
		"For maintainers: action needed (a1b2c3)":                         {},
		"Leaked Clerk everything":                                         {},
	} {
		got, ok := parseTitle(title)
		if ok != (want.Kind != "") || got.Name() != want.Name() {
			t.Errorf("%q: %+v, %t", title, got, ok)
		}
	}
}

// TestTheOldEndsLast: nothing ends before all places have the new one, but where somebody else uses it.
func TestTheOldEndsLast(t *testing.T) {
	t.Parallel()
	for _, abused := range []bool{false, true} {
		p := MakePlan(Facts{
			Subject: Subject{Kind: detect.SecretKey, Environment: detect.Live, Issue: "https://github.com/acme/shop/issues/1"}, Way: Guided, Comment: true, Abused: abused,
			Surveys: []Survey{{Driver: "vercel", Survey: destination.Survey{Places: []destination.Place{{
				Driver: "vercel", ID: "p", Title: "Vercel", Holding: destination.Compromised,
				Unit: destination.Unit{Driver: "vercel", ID: "u", Title: "shop", Takes: destination.TakesByHand, ByHand: "Deploy it."},
			}}}}},
		})
		var order []string
		for _, s := range p.Steps {
			order = append(order, string(s.Do))
		}
		want := "create prove write ask end tell"
		if abused {
			want = "create prove end write ask tell"
		}
		if got := strings.Join(order, " "); got != want {
			t.Errorf("abused %t: %s", abused, got)
		}
	}
}
