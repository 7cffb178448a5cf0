package pattern_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"regexp/syntax"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pattern"
)

// TestThePatternsAreHyperscans: of what Go's regexp knows, only what Hyperscan documents too, and GitHub's limits.
func TestThePatternsAreHyperscans(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range pattern.GitHub() {
		if names[p.Name] {
			t.Errorf("two are called %s", p.Name)
		}
		names[p.Name] = true
		for _, expression := range append([]string{p.Pattern, p.StartDelimiter, p.EndDelimiter}, append(p.MustMatch, p.MustNotMatch...)...) {
			tree, err := syntax.Parse(expression, syntax.Perl)
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
				continue
			}
			supported(t, p.Name, tree)
			if modifier := regexp.MustCompile(`\(\?[^:]`).FindString(expression); modifier != "" {
				t.Errorf("%s has a modifier: %s", p.Name, modifier)
			}
		}
		if p.MustMatch == nil && p.MustNotMatch == nil {
			t.Errorf("%s takes every placeholder", p.Name)
		}
	}
}

func supported(t *testing.T, name string, re *syntax.Regexp) {
	t.Helper()
	switch re.Op { //nolint:exhaustive // all others are refused
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpConcat, syntax.OpAlternate, syntax.OpBeginText, syntax.OpEndText, syntax.OpQuest,
		syntax.OpStar, syntax.OpRepeat, syntax.OpCapture, syntax.OpEmptyMatch:
	default:
		t.Errorf("%s uses %v", name, re.Op)
	}
	if re.Flags&syntax.NonGreedy != 0 || re.Op == syntax.OpRepeat && re.Max > 1000 {
		t.Errorf("%s repeats in %s as Hyperscan might not", name, re)
	}
	for _, sub := range re.Sub {
		supported(t, name, sub)
	}
}

// TestHowManyKeysAreLost counts the random keys that the conditions against placeholders cost.
func TestHowManyKeysAreLost(t *testing.T) {
	t.Parallel()
	const keys = 4_000
	matchers := compiled(t)
	for name, write := range map[string]func(seed int64) string{
		"Clerk secret key":             func(seed int64) string { return "k=" + detecttest.Key(seed, detect.Live) },
		"Clerk webhook signing secret": func(seed int64) string { return "CLERK_WEBHOOK_SECRET=" + detecttest.WebhookSecret(seed) },
		"Clerk machine secret key":     func(seed int64) string { return "CLERK_MACHINE_SECRET_KEY=" + detecttest.MachineSecretKey(seed) },
		"Clerk Platform API key":       func(seed int64) string { return "CLERK_PLATFORM_API_KEY=" + detecttest.PlatformAPIKey(seed) },
		"Clerk claim URL":              detecttest.ClaimURL,
	} {
		lost := 0
		for seed := range int64(keys) {
			if len(matchers[name].Find(write(seed))) != 1 {
				lost++
			}
		}
		if lost > 0 {
			t.Errorf("%s: of %d keys %d are lost", name, keys, lost)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	key, hook, machine := detecttest.Key(1, detect.Live), detecttest.WebhookSecret(1), detecttest.MachineSecretKey(1)
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"Clerk secret key", key, 1},
		{"Clerk secret key", key + "," + key, 2},
		{"Clerk secret key", "am_" + key, 0},
		{"Clerk secret key", "disk-" + key, 0},
		{"Clerk secret key", `"A=1\n` + key + `\nB=2"`, 1},
		{"Clerk secret key", "k%3D" + key, 1},
		{"Clerk secret key", "am%5F" + key, 0},
		{"Clerk secret key", key + "=", 0},
		{"Clerk secret key", key + "a", 0},
		{"Clerk webhook signing secret", "CLERK_WEBHOOK_SIGNING_SECRET=" + hook, 1},
		{"Clerk webhook signing secret", `clerkWebhookSecret: "` + hook + `",`, 1},
		{"Clerk webhook signing secret", `{"CLERK_WEBHOOK_SECRET": "` + hook + `"}`, 1},
		{"Clerk webhook signing secret", `process.env["CLERK_WEBHOOK_SECRET"] = '` + hook + `'`, 1},
		{"Clerk webhook signing secret", "STRIPE_WEBHOOK_SECRET=" + hook, 0},
		{"Clerk webhook signing secret", "# as with clerk\nWEBHOOK_SECRET=" + hook, 0},
		{"Clerk machine secret key", "CLERK_MACHINE_SECRET_KEY=" + machine, 1},
		{"Clerk machine secret key", "CLERK_PLATFORM_API_KEY=" + machine, 0},
		{"Clerk Platform API key", "CLERK_PLATFORM_API_KEY=" + machine, 1},
		{"Clerk claim URL", `"claimUrl":"` + detecttest.ClaimURL(1) + `"`, 1},
		{"Clerk claim URL", "dashboard.clerk.com/apps/" + "claim?framework=next&amp;token=" + detecttest.ClaimToken(2), 1},
		{"Clerk claim URL", "https://dashboard.clerk.com/apps/", 0},
	} {
		if got := compiled(t)[c.name].Find(c.text); len(got) != c.want {
			t.Errorf("%s: %v: %d, not %d", c.name, detect.New(detect.Options{}).RedactString(t.Context(), c.text), len(got), c.want)
		}
	}
}

func compiled(t *testing.T) map[string]*detecttest.Matcher {
	t.Helper()
	all := map[string]*detecttest.Matcher{}
	for _, p := range pattern.GitHub() {
		m, err := detecttest.Compile(p)
		if err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		all[p.Name] = m
	}
	return all
}

// TestTheBodyIsShort: whoever reviews the body before it is sent can read it.
func TestTheBodyIsShort(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(pattern.Body{Patterns: pattern.GitHub()})
	if err != nil || len(text) > 16<<10 || bytes.Contains(text, []byte("null")) {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
