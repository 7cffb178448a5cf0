package audit

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// unencryptedKey finds secret keys that are handed to clerkMiddleware where the key is missing with which it passes them on.
func unencryptedKey() Check {
	return Check{
		ID: "C34", Title: "secretKey is passed to clerkMiddleware() without CLERK_ENCRYPTION_KEY", Severity: detect.MediumSeverity, Tier: All, Frameworks: []string{"Next.js"},
		Fix:  "Set CLERK_ENCRYPTION_KEY to 32 random bytes (openssl rand --hex 32) wherever the app runs, and name it in .env.example.",
		Link: "https://clerk.com/docs/reference/nextjs/clerk-middleware",
		Why: "A secret key that is chosen for each request travels from the middleware to the route in a header, encrypted with `CLERK_ENCRYPTION_KEY`. Clerk calls the variable mandatory then.\n\n" +
			"rekey can't see what is set where the app runs. It reports where the repository says which variables of Clerk's the app needs, in an example of an `.env`, a workflow or a manifest, and no such file and no script names this one.",
		Before: []Example{{"proxy.ts", dynamicKeyExample}, {".env.example", "CLERK_WEBHOOK_SIGNING_SECRET=\n"}},
		After:  []Example{{"proxy.ts", dynamicKeyExample}, {".env.example", "CLERK_WEBHOOK_SIGNING_SECRET=\nCLERK_ENCRYPTION_KEY=\n"}},
		wants:  isScript,
		find:   findUnencryptedKey,
	}
}

const dynamicKeyExample = `import { clerkMiddleware } from "@clerk/nextjs/server";
import { keysFor } from "./tenants";

export default clerkMiddleware(
  async (auth) => {
    await auth.protect();
  },
  (request) => ({ secretKey: keysFor(request).secret }),
);
`

func isScriptOrSettings(name string) bool { return isCode(name) || isSettings(name) }

func findUnencryptedKey(p *project) []Finding {
	var found []Finding
	p.scripts([]string{nextServer, "clerkMiddleware", "secretKey"}, func(f *js.File) {
		for _, u := range callsOf(f, "clerkMiddleware") {
			if option := optionOf(f, u.node, "secretKey"); option != nil && u.entry == "@clerk/nextjs" {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, option.Parent), Seen: "secretKey is passed on, and no file of the repository names CLERK_ENCRYPTION_KEY, while others of Clerk's variables are named"})
			}
		}
	})
	if len(found) == 0 {
		return nil
	}
	if named, _ := p.anywhere(isSettings, "CLERK_"); !named {
		return nil
	}
	if named, known := p.anywhere(isScriptOrSettings, "CLERK_ENCRYPTION_KEY"); named || !known {
		return nil
	}
	return found
}
