package audit_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/audittest"
)

// TestUpgrades: a finding says which release to upgrade to, of the branch that is used, and what there is to do besides.
func TestUpgrades(t *testing.T) {
	t.Parallel()
	proxy := "import { clerkMiddleware } from '@clerk/express'\napp.use(clerkMiddleware({ frontendApiProxy: { enabled: true } }))\n"
	protect := "import { auth } from '@clerk/nextjs/server'\nawait auth.protect({ role: 'org:admin', unauthorizedUrl: '/' })\n"
	for _, test := range []struct{ lockfile, script, want string }{
		{
			"\"@clerk/express@*\":\n  version \"2.0.0\"\n  dependencies:\n    \"@clerk/backend\" \"*\"\n\n\"@clerk/backend@*\":\n  version \"3.0.0\"\n", proxy,
			"Upgrade @clerk/express to 2.0.7 or later, and rotate the secret key: anyone who exploited it has the key.",
		},
		{"\"@clerk/nextjs@*\":\n  version \"6.39.2\"\n", protect, "Upgrade @clerk/nextjs to 6.39.3 or later."},
		{"\"@clerk/nextjs@*\":\n  version \"7.0.0\"\n", protect, "Upgrade @clerk/nextjs to 7.2.4 or later."},
	} {
		result, err := audit.Run(t.Context(), audittest.Files{
			"package.json": []byte(`{"dependencies": {"@clerk/express": "*", "@clerk/nextjs": "*"}}`), "yarn.lock": []byte(test.lockfile), "main.ts": []byte(test.script),
		}, audit.Options{})
		if err != nil || len(result.Findings) != 1 {
			t.Fatalf("%v, %v", result.Findings, err)
		}
		if got := result.Findings[0].Fix; got != test.want {
			t.Errorf("%s\nwant %s", got, test.want)
		}
	}
}

// TestExposing: one advisory asks to rotate the key.
func TestExposing(t *testing.T) {
	t.Parallel()
	var exposing []string
	for _, check := range audit.Checks() {
		if check.Exposes {
			exposing = append(exposing, check.ID)
		}
	}
	if !slices.Equal(exposing, []string{"GHSA-gjxx-92w9-8v8f"}) {
		t.Errorf("%v may have given the key away", exposing)
	}
}

// TestRenaming: what to call a variable instead is what it is called, without the prefix.
func TestRenaming(t *testing.T) {
	t.Parallel()
	result, err := audit.Run(t.Context(), audittest.Files{".env": []byte("VITE_CLERK_SECRET_KEY=\nNEXT_PUBLIC_CLERK_WEBHOOK_SECRET=\n"), "a.ts": []byte("f(import.meta.env.VITE_MY_CLERK_SECRET_KEY)")}, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var fixes []string
	for _, f := range result.Findings {
		before, _, _ := strings.Cut(f.Fix, ",")
		fixes = append(fixes, before)
	}
	if want := []string{"Rename it to CLERK_SECRET_KEY", "Rename it to CLERK_WEBHOOK_SECRET", "Rename it to MY_CLERK_SECRET_KEY"}; !slices.Equal(fixes, want) {
		t.Errorf("%q, want %q", fixes, want)
	}
}
