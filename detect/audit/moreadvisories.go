package audit

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

// moreAdvisories are fixes that only changelogs tell. Those of which the call is known are in the first tier.
func moreAdvisories() []*advisory {
	return append([]*advisory{overtakenAdvisory(), partiesAdvisory(), serializedAdvisory(), debugAdvisory()}, versionAdvisories()...)
}

func overtakenAdvisory() *advisory {
	ranges := []lock.Range{{From: "1.2.1", Below: "2.1.25"}}
	return &advisory{
		id: "clerk-express-2.1.25", title: "Another library's req.auth takes the place of Clerk's", severity: detect.HighSeverity, tier: Default,
		frameworks: []string{"Express"}, link: releaseLink + "express%402.1.25",
		why: "Until version 2.1.25, `clerkMiddleware()` and `requireAuth()` took any `req.auth` for their own and did nothing, and `getAuth()` gave back what was there. So where `express-jwt`, " +
			"`express-oauth2-jwt-bearer` or `express-basic-auth` runs before them on the same app, Clerk authenticates nobody. No advisory has a number for it.",
		code: "@clerk/express", ranges: ranges, entries: map[string][]lock.Range{"@clerk/express": ranges},
		words: []string{"@clerk/express", "express-jwt|express-oauth2-jwt-bearer|express-basic-auth"}, uses: overtaken,
		before: installed("@clerk/express 2.1.24 express-jwt 8.5.1", Example{"server.ts", overtakenExample}),
		after:  installed("@clerk/express 2.1.25 express-jwt 8.5.1", Example{"server.ts", overtakenExample}),
	}
}

const overtakenExample = `import { clerkMiddleware } from "@clerk/express";
import express from "express";
import { expressjwt } from "express-jwt";

const app = express();
app.use(expressjwt({ secret: process.env.PARTNER_KEY, algorithms: ["HS256"], credentialsRequired: false }));
app.use(clerkMiddleware());
`

func partiesAdvisory() *advisory {
	return &advisory{
		id: "clerk-backend-3.11.1", title: "authorizedParties lets tokens without azp pass", severity: detect.MediumSeverity, tier: Default,
		link: releaseLink + "backend%403.11.1",
		why: "`authorizedParties` is there to refuse tokens that another origin was given. Until version 3.11.1 of `@clerk/backend`, a token without the claim `azp` passed all the same. " +
			"No advisory has a number for it.",
		code: "@clerk/backend", ranges: until("3.11.1"), entries: backendSince("3.11.1", "7.5.14", "2.1.37", "3.1.47", "0.1.47", "3.4.13", "2.6.13", "3.5.6", "1.4.14"),
		words: []string{"@clerk/", "authorizedParties"}, uses: parties,
		before: installed("@clerk/nextjs 7.5.13 @clerk/backend 3.11.0", Example{"proxy.ts", partiesExample}),
		after:  installed("@clerk/nextjs 7.5.14 @clerk/backend 3.11.1", Example{"proxy.ts", partiesExample}),
	}
}

const partiesExample = `import { clerkMiddleware } from "@clerk/nextjs/server";

export default clerkMiddleware({ authorizedParties: ["https://example.com"] });
`

func serializedAdvisory() *advisory {
	return &advisory{
		id: "clerk-backend-3.5.0", title: "Private metadata is put into the page", severity: detect.HighSeverity, tier: Default, frameworks: []string{"Next.js"},
		link: releaseLink + "backend%403.5.0",
		why: "`buildClerkProps` writes the user or organization that it is given into the page, for the browser. From version 1.24.1 of `@clerk/backend` on, that had a copy of Clerk's whole answer, " +
			"`private_metadata` included; version 3.5.0 leaves it out. No advisory has a number for it.",
		code: "@clerk/backend", ranges: []lock.Range{{From: "1.24.1", Below: "3.5.0"}}, entries: map[string][]lock.Range{"@clerk/nextjs": until("7.4.3")},
		words: []string{"@clerk/nextjs", "buildClerkProps"}, uses: serialized,
		before: installed("@clerk/nextjs 7.4.2 @clerk/backend 3.4.9", Example{"pages/index.ts", serializedExample}),
		after:  installed("@clerk/nextjs 7.4.3 @clerk/backend 3.5.0", Example{"pages/index.ts", serializedExample}),
	}
}

const serializedExample = `import { buildClerkProps, clerkClient, getAuth } from "@clerk/nextjs/server";

export const getServerSideProps = async (context) => {
  const { userId } = getAuth(context.req);
  const client = await clerkClient();
  const user = await client.users.getUser(userId);
  return { props: { ...buildClerkProps(context.req, { user }) } };
};
`

// backendSince are the packages that bring @clerk/backend, with the first version of each that asks for one no older than fixed.
func backendSince(fixed, nextjs, express, fastify, hono, astro, nuxt, reactRouter, tanstack string) map[string][]lock.Range {
	return map[string][]lock.Range{
		"@clerk/backend": until(fixed), "@clerk/nextjs": until(nextjs), "@clerk/express": until(express), "@clerk/fastify": until(fastify), "@clerk/hono": until(hono),
		"@clerk/astro": until(astro), "@clerk/nuxt": until(nuxt), "@clerk/react-router": until(reactRouter), "@clerk/tanstack-react-start": until(tanstack),
	}
}

// newestBackend are the packages that bring @clerk/backend, with the first versions that have all of its fixes here.
func newestBackend() map[string][]lock.Range {
	return backendSince("3.16.9", "7.7.9", "2.1.60", "3.1.70", "0.1.70", "4.0.16", "3.0.12", "3.6.14", "1.5.5")
}

var ignored = Example{".gitignore", "/.clerk/\n"}

// versionAdvisories are those of the second tier, for which the version is all there is to see. Of the three of
// @clerk/backend the first that applies is reported, and all say what to upgrade to for the last.
func versionAdvisories() []*advisory {
	return []*advisory{
		{
			id: "clerk-backend-3.11.7", title: "A machine's token in the session cookie counts as a user's", severity: detect.MediumSeverity, tier: All,
			link: releaseLink + "backend%403.11.7",
			why:  "A JWT of machine-to-machine or OAuth authentication in the cookie `__session` passed for a session, with the machine as `userId`.",
			code: "@clerk/backend", ranges: until("3.11.7"),
			entries: newestBackend(),
			before:  installed("@clerk/backend 3.11.6"), after: installed("@clerk/backend 3.16.9"),
		},
		{
			id: "clerk-backend-3.12.0", title: "Any accounts.* host counts as Clerk's", severity: detect.LowSeverity, tier: All,
			link: releaseLink + "backend%403.12.0",
			why:  "A request with a referrer such as `accounts.attacker.com` skipped the handshake that makes sure that a session is fresh.",
			code: "@clerk/backend", ranges: []lock.Range{{From: "3.11.7", Below: "3.12.0"}},
			entries: newestBackend(),
			before:  installed("@clerk/backend 3.11.7"), after: installed("@clerk/backend 3.16.9"),
		},
		{
			id: "clerk-backend-3.16.9", title: "Tokens of JWT templates pass for sessions", severity: detect.MediumSeverity, tier: All,
			link: releaseLink + "backend%403.16.9",
			why:  "A token that was made from a JWT template, for another service, passed where a session token was expected.",
			code: "@clerk/backend", ranges: []lock.Range{{From: "3.12.0", Below: "3.16.9"}},
			entries: newestBackend(),
			before:  installed("@clerk/backend 3.16.8"), after: installed("@clerk/backend 3.16.9"),
		},
		{
			id: "clerk-nextjs-7.3.1", title: "protect() is skipped while keyless mode starts", severity: detect.LowSeverity, tier: All, frameworks: []string{"Next.js"},
			link: releaseLink + "nextjs%407.3.1",
			why:  "During development, `auth.protect()` stopped nobody until keyless mode had its first keys. An app in production has keys from the start.",
			code: "@clerk/nextjs", ranges: []lock.Range{{From: "7.2.4", Below: "7.3.1"}}, entries: map[string][]lock.Range{"@clerk/nextjs": {{From: "7.2.4", Below: "7.3.1"}}},
			before: installed("@clerk/nextjs 7.3.0", ignored), after: installed("@clerk/nextjs 7.3.1", ignored),
		},
		{
			id: "GHSA-3mm3-wfpv-q85g", title: "Sign-in flows can be manipulated", severity: detect.MediumSeverity, tier: All,
			link: "https://github.com/advisories/GHSA-3mm3-wfpv-q85g",
			why:  "CVE-2025-63700, up to version 5.88.0 of `@clerk/clerk-js`. Most apps load that from Clerk's servers, always the newest; one that asks for it in its package.json brings its own.",
			code: "@clerk/clerk-js", ranges: until("5.88.1"), entries: map[string][]lock.Range{"@clerk/clerk-js": until("5.88.1")},
			before: installed("@clerk/clerk-js 5.88.0"), after: installed("@clerk/clerk-js 5.125.10"),
		},
	}
}
