package audit

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

// nextAdvisories are mistakes of Next.js by which a request gets past the middleware. They matter where that is what protects routes.
func nextAdvisories() []*advisory {
	row := func(id, title, why string, severity detect.Severity, has, fixed string, ranges ...lock.Range) *advisory {
		return &advisory{
			id: id, title: title, severity: severity, tier: All, frameworks: []string{"Next.js"}, link: "https://github.com/vercel/next.js/security/advisories/" + id,
			why:  why + " What a route checks itself holds.",
			code: "next", ranges: ranges, entries: map[string][]lock.Range{"next": ranges},
			words: []string{nextServer, "clerkMiddleware"}, uses: guarded,
			before: installed("next "+has, Example{"middleware.ts", guardedExample}), after: installed("next "+fixed, Example{"middleware.ts", guardedExample}),
		}
	}
	return []*advisory{
		row("GHSA-f82v-jwr5-mffw", "A header skips the middleware", "CVE-2025-29927. A request with the header `x-middleware-subrequest` skips the middleware.",
			detect.CriticalSeverity, "15.1.9", "16.2.11",
			lock.Range{From: "11.1.4", Below: "12.3.5"}, lock.Range{From: "13.0.0", Below: "13.5.9"}, lock.Range{From: "14.0.0", Below: "14.2.25"}, lock.Range{From: "15.0.0", Below: "15.2.3"}),
		row("GHSA-26hh-7cqf-hhc6", "Prefetched segments skip the middleware",
			"The addresses from which Next.js prefetches parts of a page aren't matched as the page is. It completes the fix of GHSA-267c-6grr-h53f (CVE-2026-44575), and its versions "+
				"fix GHSA-492v-c6pp-mqqv (CVE-2026-44574), by which a crafted query changes the parameter of a dynamic route.",
			detect.HighSeverity, "15.3.9", "16.2.11", lock.Range{From: "15.2.0", Below: "15.5.18"}, lock.Range{From: "16.0.0", Below: "16.2.6"}),
		row("GHSA-6gpp-xcg3-4w24", "Some requests skip the proxy", "Some requests never reach `proxy.ts` or the middleware.",
			detect.HighSeverity, "16.2.10", "16.2.11", lock.Range{From: "16.0.0", Below: "16.2.11"}),
	}
}

const guardedExample = `import { clerkMiddleware } from "@clerk/nextjs/server";

export default clerkMiddleware(async (auth) => {
  await auth.protect();
});
`
