package audit

import (
	"slices"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// unsetParties notes that a repository doesn't say whose session tokens it accepts. It is one note for all of it.
func unsetParties() Check {
	return Check{
		ID: "C13", Title: "authorizedParties isn't set", Severity: detect.LowSeverity, Tier: All,
		Fix:  "Set authorizedParties to the origins of your app: clerkMiddleware({ authorizedParties: [\"https://example.com\"] }).",
		Link: "https://clerk.com/docs/guides/development/deployment/production",
		Why: "A session token names the origin that it was made for. Without `authorizedParties`, the server accepts those of any origin. An app on another subdomain of yours that " +
			"somebody took over could then have sessions of this one. Clerk recommends to set it in production.\n\n" +
			"It is one note for a repository, at the first call that authenticates requests, where no script names `authorizedParties`.",
		Before: []Example{{"proxy.ts", `import { clerkMiddleware } from "@clerk/nextjs/server";

export default clerkMiddleware();
`}},
		After: []Example{{"proxy.ts", partiesExample}},
		wants: isScript,
		find:  findUnsetParties,
	}
}

func findUnsetParties(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"@clerk/", "clerkMiddleware|authenticateRequest|verifyToken"}, func(f *js.File) {
		if len(found) > 0 {
			return
		}
		calls := append(callsOf(f, "clerkMiddleware", "verifyToken"), methodsOf(f, "authenticateRequest")...)
		if len(calls) > 0 {
			first := slices.MinFunc(calls, func(a, b use) int { return f.Start(a.node) - f.Start(b.node) })
			found = append(found, Finding{Path: f.Path, Range: placeOf(f, first.node), Seen: "session tokens of any origin are accepted: no script of the repository names authorizedParties"})
		}
	})
	if len(found) == 0 {
		return nil
	}
	if named, known := p.anywhere(isCode, "authorizedParties", "authorized_parties", "AUTHORIZED_PARTIES"); named || !known {
		return nil
	}
	return found
}
