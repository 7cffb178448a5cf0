package audit

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

const (
	advisoryLink = "https://github.com/clerk/javascript/security/advisories/"
	releaseLink  = "https://github.com/clerk/javascript/releases/tag/%40clerk%2F"
)

// advisories are those of the first tier: the version and the call are both there.
func advisories() []*advisory {
	return []*advisory{proxyAdvisory(), matcherAdvisory(), combinedAdvisory(), discardedAdvisory(), webhookAdvisory(), headersAdvisory()}
}

// Each range is that of the advisory itself, or where there is none of the package's changelog. A range without a beginning begins with
// the first version. What the package with the code has decides; see [advisory.code].

func proxyAdvisory() *advisory {
	ranges := []lock.Range{{From: "3.0.0", Below: "3.2.3"}}
	return &advisory{
		id: "GHSA-gjxx-92w9-8v8f", title: "The Frontend API proxy can be made to send the secret key away", severity: detect.CriticalSeverity, tier: Default,
		exposes: true, frameworks: []string{"Express", "Hono", "Fastify"}, link: advisoryLink + "GHSA-gjxx-92w9-8v8f",
		fix: ", and rotate the secret key: anyone who exploited it has the key.",
		why: "CVE-2026-34076. A request with a crafted path makes `clerkFrontendApiProxy` send the `Clerk-Secret-Key` header to a server of the attacker's choice, without signing in. " +
			"Only apps that turned the proxy on are affected, and none with `@clerk/nextjs`. Clerk asks to upgrade and to rotate the key.",
		code: "@clerk/backend", ranges: ranges,
		entries: map[string][]lock.Range{
			"@clerk/backend": ranges, "@clerk/express": {{From: "2.0.0", Below: "2.0.7"}}, "@clerk/hono": {{From: "0.1.0", Below: "0.1.5"}},
			"@clerk/fastify": {{From: "3.1.0", Below: "3.1.5"}},
		},
		words: []string{"@clerk/", "rontendApiProxy"}, uses: proxied,
		before: installed("@clerk/express 2.0.6 @clerk/backend 3.2.2", Example{"server.ts", proxyExample}),
		after:  installed("@clerk/express 2.0.7 @clerk/backend 3.2.3", Example{"server.ts", proxyExample}),
	}
}

const proxyExample = `import { clerkMiddleware } from "@clerk/express";
import express from "express";

const app = express();
app.use(clerkMiddleware({ frontendApiProxy: { enabled: true } }));
`

func matcherAdvisory() *advisory {
	return &advisory{
		id: "GHSA-vqx2-fgx2-5wq9", title: "Crafted paths pass createRouteMatcher", severity: detect.CriticalSeverity, tier: Default,
		frameworks: []string{"Next.js", "Astro", "Nuxt"}, link: advisoryLink + "GHSA-vqx2-fgx2-5wq9",
		why: "CVE-2026-41248. A path can be written so that `createRouteMatcher` doesn't know it and the framework still serves it. Middleware that protects what matches lets such a request " +
			"through, and only a check in the route itself stops it. Middleware that protects everything but what matches stops it too: rekey doesn't report that form.",
		code: "@clerk/shared", ranges: []lock.Range{{Below: "2.22.1"}, {From: "3.0.0", Below: "3.47.4"}, {From: "4.0.0", Below: "4.8.1"}},
		entries: map[string][]lock.Range{
			"@clerk/nextjs": {{From: "5.0.0", Below: "5.7.6"}, {From: "6.0.0", Below: "6.39.2"}, {From: "7.0.0", Below: "7.2.1"}},
			"@clerk/nuxt":   {{From: "1.1.0", Below: "1.13.28"}, {From: "2.0.0", Below: "2.2.2"}},
			"@clerk/astro":  {{From: "0.0.1", Below: "1.5.7"}, {From: "2.0.0", Below: "2.17.10"}, {From: "3.0.0", Below: "3.0.15"}},
		},
		words: []string{"@clerk/", "createRouteMatcher"}, uses: gates,
		before: installed("@clerk/nextjs 7.2.0 @clerk/shared 4.8.0", Example{"middleware.ts", matcherExample}),
		after:  installed("@clerk/nextjs 7.2.4 @clerk/shared 4.8.3", Example{"middleware.ts", matcherExample}),
	}
}

const matcherExample = `import { clerkMiddleware, createRouteMatcher } from "@clerk/nextjs/server";

const isAdmin = createRouteMatcher(["/admin/:path*"]);

export default clerkMiddleware(async (auth, request) => {
  if (isAdmin(request)) await auth.protect();
});
`

// authorizationInNext are the versions of @clerk/nextjs in which authorizations go wrong.
var authorizationInNext = []lock.Range{{From: "6.0.0", Below: "6.39.3"}, {From: "7.0.0", Below: "7.2.4"}}

func combinedAdvisory() *advisory {
	return &advisory{
		id: "GHSA-w24r-5266-9c3c", title: "Combined conditions of has() and protect() aren't all checked", severity: detect.HighSeverity, tier: Default,
		link: advisoryLink + "GHSA-w24r-5266-9c3c",
		why: "CVE-2026-42349. Where one call combines a condition on the organization (`role`, `permission`), on billing (`feature`, `plan`) or on reverification with one of another kind, " +
			"it may say yes although one of them isn't met. Calls with conditions of one kind are right.",
		code: "@clerk/shared", ranges: []lock.Range{{From: "3.0.0", Below: "3.47.5"}, {From: "4.0.0", Below: "4.8.3"}},
		entries: map[string][]lock.Range{
			"@clerk/nextjs": authorizationInNext, "@clerk/backend": {{From: "2.0.0", Below: "2.33.3"}, {From: "3.0.0", Below: "3.2.14"}},
			"@clerk/express":              {{From: "0.1.0", Below: "1.7.79"}, {From: "2.0.0", Below: "2.1.6"}},
			"@clerk/fastify":              {{From: "1.0.42", Below: "2.6.31"}, {From: "3.0.0", Below: "3.1.16"}},
			"@clerk/hono":                 {{From: "0.0.2", Below: "0.1.16"}},
			"@clerk/astro":                {{From: "2.0.0", Below: "2.17.11"}, {From: "3.0.0", Below: "3.0.18"}},
			"@clerk/nuxt":                 {{From: "1.0.0", Below: "1.13.29"}, {From: "2.0.0", Below: "2.2.5"}},
			"@clerk/react-router":         {{From: "0.0.1", Below: "2.4.13"}, {From: "3.0.0", Below: "3.1.4"}},
			"@clerk/tanstack-react-start": {{From: "0.0.1", Below: "0.29.11"}, {From: "1.0.0", Below: "1.1.4"}},
		},
		words: []string{"@clerk/", "has(|protect(", "reverification|feature|plan"}, uses: combined,
		before: installed("@clerk/nextjs 7.2.3 @clerk/shared 4.8.2", Example{"app/settings/page.tsx", combinedExample}),
		after:  installed("@clerk/nextjs 7.2.4 @clerk/shared 4.8.3", Example{"app/settings/page.tsx", combinedExample}),
	}
}

const combinedExample = `import { auth } from "@clerk/nextjs/server";

export default async function Page() {
  await auth.protect({ permission: "org:settings:manage", reverification: "strict" });
  return <h1>Settings</h1>;
}
`

func discardedAdvisory() *advisory {
	return &advisory{
		id: "clerk-nextjs-7.2.4", title: "protect() throws its conditions away", severity: detect.HighSeverity, tier: Default,
		frameworks: []string{"Next.js"}, link: releaseLink + "nextjs%407.2.4",
		why: "Fixed together with GHSA-w24r-5266-9c3c, and told in the changelog alone: where the object with the conditions also has `unauthenticatedUrl`, `unauthorizedUrl` or `token`, " +
			"`auth.protect()` checks none of them, and lets everyone in who is signed in. Options as a second argument are right.",
		code: "@clerk/nextjs", ranges: authorizationInNext, entries: map[string][]lock.Range{"@clerk/nextjs": authorizationInNext},
		words: []string{"@clerk/nextjs", "protect", "unauthenticatedUrl|unauthorizedUrl|token"}, uses: discarded,
		before: installed("@clerk/nextjs 7.2.3", Example{"app/admin/page.tsx", discardedExample}),
		after:  installed("@clerk/nextjs 7.2.4", Example{"app/admin/page.tsx", discardedExample}),
	}
}

const discardedExample = `import { auth } from "@clerk/nextjs/server";

export default async function Page() {
  await auth.protect({ role: "org:admin", unauthorizedUrl: "/" });
  return <h1>Admin</h1>;
}
`

func webhookAdvisory() *advisory {
	return &advisory{
		id: "GHSA-9mp4-77wg-rwx9", title: "verifyWebhook() accepts forged events", severity: detect.CriticalSeverity, tier: Default,
		link: advisoryLink + "GHSA-9mp4-77wg-rwx9",
		why: "CVE-2025-53548. `verifyWebhook()` took events for Clerk's that weren't signed properly: whoever knows the address can send `user.deleted`. " +
			"Apps that verify with `svix` themselves aren't affected.",
		code: "@clerk/backend", ranges: []lock.Range{{From: "2.0.0", Below: "2.4.0"}},
		entries: map[string][]lock.Range{
			"@clerk/backend": {{From: "2.0.0", Below: "2.4.0"}}, "@clerk/nextjs": until("6.23.3"), "@clerk/express": until("1.7.4"), "@clerk/fastify": until("2.4.4"),
			"@clerk/astro": until("2.10.2"), "@clerk/nuxt": until("1.7.5"), "@clerk/react-router": until("1.6.4"), "@clerk/remix": until("4.8.5"),
			"@clerk/tanstack-react-start": until("0.18.3"),
		},
		words: []string{"@clerk/", "verifyWebhook"}, uses: webhooks,
		before: installed("@clerk/nextjs 6.23.2 @clerk/backend 2.3.1", Example{"app/api/webhooks/route.ts", webhookExample}),
		after:  installed("@clerk/nextjs 6.23.3 @clerk/backend 2.4.0", Example{"app/api/webhooks/route.ts", webhookExample}),
	}
}

const webhookExample = `import { verifyWebhook } from "@clerk/nextjs/webhooks";

export async function POST(request: Request) {
  const event = await verifyWebhook(request);
  return Response.json(event.type);
}
`

func headersAdvisory() *advisory {
	ranges := []lock.Range{{From: "4.7.0", Below: "4.29.3"}}
	return &advisory{
		id: "GHSA-q6w5-jg5q-47vg", title: "Anyone can act as any user", severity: detect.CriticalSeverity, tier: Default, frameworks: []string{"Next.js"},
		link: advisoryLink + "GHSA-q6w5-jg5q-47vg",
		why:  "CVE-2024-22206. In these versions `auth()` and `getAuth()` can be made to say that a request is another user's.",
		code: "@clerk/nextjs", ranges: ranges, entries: map[string][]lock.Range{"@clerk/nextjs": ranges},
		before: installed("@clerk/nextjs 4.29.2"), after: installed("@clerk/nextjs 4.29.3"),
	}
}
