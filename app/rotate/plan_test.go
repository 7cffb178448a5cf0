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

// TestOneOfSeveral: where several apps of a repository have values that can't be read, a person says which of them is meant; environments of one app are no
// several.
func TestOneOfSeveral(t *testing.T) {
	t.Parallel()
	place := func(id, unit string, holding destination.Holding, scope destination.Scope) destination.Place {
		return destination.Place{Driver: "vercel", ID: id, Variable: "CLERK_SECRET_KEY", Holding: holding, Scope: scope, Unit: destination.Unit{Driver: "vercel", ID: unit}}
	}
	web := place("web", "1", destination.Unreadable, destination.Production)
	for name, test := range map[string]struct {
		places  []destination.Place
		include []string
		want    string
	}{
		"alone":                   {[]destination.Place{web}, nil, "web"},
		"another app":             {[]destination.Place{web, place("admin", "2", destination.Unreadable, destination.Production)}, nil, ""},
		"another app, by a word":  {[]destination.Place{web, place("admin", "2", destination.Unreadable, destination.Production)}, []string{"vercel:web"}, "web"},
		"another app's previews":  {[]destination.Place{web, place("admin", "2", destination.Unreadable, destination.Preview)}, nil, "web"},
		"another app is read":     {[]destination.Place{web, place("admin", "2", destination.Same, destination.Production)}, nil, "web"},
		"both are read":           {[]destination.Place{place("web", "1", destination.Compromised, ""), place("admin", "2", destination.Compromised, "")}, nil, "web admin"},
		"two places of one app":   {[]destination.Place{web, place("eu", "1", destination.Unreadable, destination.Production)}, nil, "web eu"},
		"two apps, of which none": {[]destination.Place{place("web", "1", destination.Unreadable, ""), place("admin", "2", destination.Unreadable, "")}, nil, ""},
	} {
		p := MakePlan(Facts{
			Subject: Subject{Kind: detect.SecretKey, Environment: detect.Live}, Way: Guided, Include: test.include, Surveys: []Survey{{"vercel", destination.Survey{Places: test.places}}},
		})
		var got []string
		for _, s := range p.Steps {
			if s.Do == Write {
				got = append(got, s.Place.ID)
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: %q", name, got)
		}
		for _, l := range p.Left {
			if l.Place.Holding == destination.Unreadable && l.Place.Scope != destination.Preview && !l.Doubt {
				t.Errorf("%s: nobody is asked about %s: %s", name, l.Place.ID, l.Why)
			}
		}
	}
}

// TestLoginsAreShown: a person sees whose accounts are used before saying yes.
func TestLoginsAreShown(t *testing.T) {
	t.Parallel()
	p := MakePlan(Facts{Subject: Subject{Kind: detect.SecretKey, Environment: detect.Live}, Way: Guided, Skip: []string{"fly"}, Surveys: []Survey{
		{"vercel", destination.Survey{Account: "ada (acme)"}}, {"dotenv", destination.Survey{}}, {"fly", destination.Survey{Account: "eve"}}, {"kubernetes", destination.Survey{Account: "context prod"}},
	}})
	if text := p.Text(); !strings.Contains(text, "\n  with these logins: vercel: ada (acme); kubernetes: context prod\n") {
		t.Error(text)
	}
}

// TestNothingIsWrittenForBrowsers: what a framework ships to browsers gets no new key, whatever it holds and whoever asks for it.
func TestNothingIsWrittenForBrowsers(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"NEXT_PUBLIC_CLERK_SECRET_KEY", "VITE_CLERK_SECRET_KEY", "PUBLIC_CLERK_SECRET_KEY"} {
		place := destination.Place{Driver: "dotenv", ID: "x", Variable: variable, Holding: destination.Compromised, Scope: destination.Production}
		write, why, doubt := chosen(place, Facts{Subject: Subject{Kind: detect.SecretKey, Environment: detect.Live}, Include: []string{"dotenv:x"}})
		if write || doubt || !strings.Contains(why, "browsers download what is in "+variable) {
			t.Errorf("%s: %t, %t, %q", variable, write, doubt, why)
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
