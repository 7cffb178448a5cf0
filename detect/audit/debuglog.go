package audit

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

// debugAdvisory is about logs that hold what signs people in. Clerk's middleware for Next.js writes them; those of other frameworks don't.
func debugAdvisory() *advisory {
	return &advisory{
		id: "C32", title: "Debug logs hold session tokens", severity: detect.MediumSeverity, tier: All, frameworks: []string{"Next.js"},
		link: releaseLink + "backend%403.6.0", fix: ", or turn it on in development only: debug: process.env.NODE_ENV === \"development\".",
		why: "With `debug: true`, `clerkMiddleware` writes what it found out about each request into the log. Until version 3.6.0 of `@clerk/backend`, the whole tokens of sessions and machines were part of that, " +
			"and so whoever reads the log could act as the user until they expired. No advisory has a number for it.\n\nOnly a literal `true` is reported, not a condition.",
		code: "@clerk/backend", ranges: []lock.Range{{From: "1.0.0", Below: "3.6.0"}}, entries: map[string][]lock.Range{"@clerk/nextjs": {{From: "5.0.0", Below: "7.5.0"}}},
		words: []string{"@clerk/nextjs", "clerkMiddleware", "debug"}, uses: debugged,
		before: installed("@clerk/nextjs 7.4.3 @clerk/backend 3.5.0", Example{"proxy.ts", debugExample}),
		after:  installed("@clerk/nextjs 7.5.0 @clerk/backend 3.6.0", Example{"proxy.ts", debugExample}),
	}
}

const debugExample = `import { clerkMiddleware } from "@clerk/nextjs/server";

export default clerkMiddleware({ debug: true });
`

// debugged finds clerkMiddleware whose debug log is always on.
func debugged(f *js.File) []use {
	var all []use
	for _, u := range callsOf(f, "clerkMiddleware") {
		if option := optionOf(f, u.node, "debug"); option != nil && isTrue(f.Value(option)) {
			all = append(all, use{node: option.Parent, entry: u.entry, seen: "the debug log is on"})
		}
	}
	return all
}

// isTrue reports whether an expression is true, or !0, as it is written where code was made smaller.
func isTrue(n *js.Node) bool {
	return n.Kind == js.Literal && n.Text == "true" || n.Kind == js.Unary && n.Text == "!" && n.Kids[0].Kind == js.Literal && n.Kids[0].Text == "0"
}
