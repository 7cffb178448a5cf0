package audit

import (
	"slices"
	"sync"
)

// Checks returns all checks, in the order of their IDs. A new one is a value in a file of its own and a line here.
func Checks() []Check { return slices.Clone(checks()) }

// checks is the table, which is made once: [Wanted] asks it for every path.
var checks = sync.OnceValue(func() []Check {
	checks := slices.Concat(
		scriptChecks(), // what JavaScript and TypeScript show
		fileChecks(),   // what other files show
		reviewChecks(), // questions for a reviewer
		advisoryChecks(),
	)
	slices.SortFunc(checks, func(a, b Check) int { return compareIDs(a.ID, b.ID) })
	return checks
})

// scriptChecks are the checks of JavaScript and TypeScript.
func scriptChecks() []Check {
	return []Check{clientSecret(), unawaited(), misplaced(), removedAPI(), unsignedWebhook(), tooLate()}
}

// fileChecks are the checks of other files.
func fileChecks() []Check {
	return []Check{
		prefixed(), keylessTracked(), imageSecret(), unsafeMetadata(), unverified(), keylessIgnored(),
		tokenTemplate(), developmentInProduction(), workflowSecret(), redirecting(), unreadClaims(), unnamedParties(),
	}
}

// advisoryChecks are those of mistakes in Clerk's packages.
func advisoryChecks() []Check {
	var checks []Check
	for _, a := range slices.Concat(advisories(), moreAdvisories(), nextAdvisories()) {
		checks = append(checks, a.check())
	}
	return checks
}
