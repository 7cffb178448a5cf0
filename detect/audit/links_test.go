package audit_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
)

// TestLinks: a check links to a page that exists. Those of Clerk's documentation are listed; others are of kinds that were looked at.
func TestLinks(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/clerk-docs.txt")
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Split(string(text), "\n")
	kinds := []string{
		"https://github.com/clerk/javascript/releases/tag/%40clerk%2F", "https://github.com/clerk/javascript/security/advisories/GHSA-", "https://github.com/advisories/GHSA-",
		"https://github.com/vercel/next.js/security/advisories/GHSA-", "https://github.com/clerk/javascript/blob/main/packages/shared/src/keyless/nodeFileStorage.ts",
		"https://nextjs.org/docs/app/api-reference/file-conventions/proxy", "https://docs.docker.com/build/building/secrets/",
	}
	for _, check := range audit.Checks() {
		page, isClerk := strings.CutPrefix(check.Link, "https://clerk.com/docs/")
		page, _, _ = strings.Cut(page, "#")
		if isClerk && !slices.Contains(pages, page) || !isClerk && !slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(check.Link, kind) }) {
			t.Errorf("%s links to %s, which isn't known to exist", check.ID, check.Link)
		}
	}
}
