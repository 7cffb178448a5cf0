package audit

import (
	"bytes"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/token"
)

// unnamedParties finds Python programs that take a session of any site of the instance.
func unnamedParties() Check {
	return Check{
		ID: "C28", Title: "Sessions of any origin are accepted", Severity: detect.LowSeverity, Tier: All, Frameworks: []string{"Python"},
		Fix:  "Name the origins of your app: AuthenticateRequestOptions(authorized_parties=[\"https://your-site.com\"]).",
		Link: "https://clerk.com/docs/guides/development/deployment/production",
		Why: "A session token says in `azp` for which origin it was made. Without `authorized_parties` nobody compares it: a token that another site on your domain got hold of, such " +
			"as a forgotten subdomain that someone took over, works for this API too. Clerk highly recommends to set it in production.\n\n" +
			"It is reported where a file makes the options without it, and mentions it nowhere else.",
		Before: []Example{{"auth.py", "from clerk_backend_api import AuthenticateRequestOptions, Clerk\n\nclerk = Clerk()\n\n\ndef signed_in(request):\n" +
			"    return clerk.authenticate_request(request, AuthenticateRequestOptions()).is_signed_in\n"}},
		After: []Example{{"auth.py", "from clerk_backend_api import AuthenticateRequestOptions, Clerk\n\nclerk = Clerk()\n\n\ndef signed_in(request):\n" +
			"    options = AuthenticateRequestOptions(authorized_parties=[\"https://your-site.com\"])\n    return clerk.authenticate_request(request, options).is_signed_in\n"}},
		wants: func(name string) bool { return languageOf(name) == "Python" && isOurs(name) },
		find:  findUnnamedParties,
	}
}

func findUnnamedParties(p *project) []Finding {
	var found []Finding
	p.each(unnamedParties().wants, func(name string, text []byte) {
		if len(text) > maxProgram || !bytes.Contains(text, []byte("AuthenticateRequestOptions")) || !bytes.Contains(text, []byte("clerk_backend_api")) {
			return
		}
		program := readProgram(name, text)
		if !program.mentions("clerk_backend_api") || program.mentions("authorized_parties") {
			return
		}
		for i, t := range program.tokens {
			rest := program.tokens[i:]
			if t.Kind != token.Name || !sequence(rest, "AuthenticateRequestOptions", "(") || i > 0 && program.tokens[i-1].Is("class") {
				continue
			}
			if arguments := rest[2:token.Closing(rest, 1)]; allNamed(arguments) && takesSessions(arguments) {
				found = append(found, Finding{Path: name, Range: rangeOf(text, t.Start, t.End), Seen: "the options name no authorized parties, so that a session of any origin is taken"})
			}
		}
	})
	return found
}

// allNamed reports whether all arguments of a call are given by name, so that it is known which there are.
func allNamed(arguments []token.Token) bool {
	depth, first := 0, true
	for i, t := range arguments {
		if first && (t.Kind != token.Name || i+1 == len(arguments) || !arguments[i+1].Is("=")) {
			return false
		}
		first = false
		switch {
		case t.Kind != token.Op:
		case t.Is("("), t.Is("["), t.Is("{"):
			depth++
		case t.Is(")"), t.Is("]"), t.Is("}"):
			depth--
		case t.Text == "," && depth == 0:
			first = true
		}
	}
	return true
}

// takesSessions reports whether the options are for tokens of sessions, which alone say for which origin they were made.
func takesSessions(arguments []token.Token) bool {
	limited, sessions := false, false
	for _, t := range arguments {
		limited = limited || t.Is("accepts_token")
		sessions = sessions || t.Kind == token.String && (t.Text == "session_token" || t.Text == "any")
	}
	return sessions || !limited
}
