package audit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/token"
)

// unverified finds session tokens whose signature nobody checks.
func unverified() Check {
	return Check{
		ID: "C27", Title: "A session token is decoded, not verified", Severity: detect.CriticalSeverity, Tier: Default,
		Frameworks: []string{"JavaScript", "Go", "Python", "Ruby", "PHP"},
		Fix: "Verify the token before you use what it says: authenticate_request in Clerk's backend SDKs, jwt.Verify in Go, or a JWT library with Clerk's public keys " +
			"(https://YOUR-FRONTEND-API/.well-known/jwks.json).",
		Link: "https://clerk.com/docs/guides/sessions/manual-jwt-verification",
		Why: "Anyone can write a token that says `\"sub\": \"user_…\"`. What makes it Clerk's is its signature, and nothing here checks that: whoever sends a token of their own " +
			"is whoever they like. rekey reports it where a file takes a token from a request, decodes it without verification, uses its subject, turns others away with 401 or 403, and verifies none.",
		Before: []Example{{"auth.py", "import jwt\n\nCLERK_ISSUER = \"https://clerk.example.com\"\n\n\ndef current_user(request):\n" +
			"    if \"Authorization\" not in request.headers:\n        abort(401)\n    token = request.headers[\"Authorization\"].split()[1]\n    claims = jwt.decode(token, options={\"verify_signature\": False})\n    return claims[\"sub\"]\n"}},
		After: []Example{{"auth.py", "import jwt\n\nkeys = jwt.PyJWKClient(\"https://clerk.example.com/.well-known/jwks.json\")\n\n\ndef current_user(request):\n" +
			"    token = request.headers[\"Authorization\"].split()[1]\n    key = keys.get_signing_key_from_jwt(token).key\n" +
			"    claims = jwt.decode(token, key, algorithms=[\"RS256\"])\n    return claims[\"sub\"]\n"}},
		wants: func(name string) bool { return isProgram(name) || isScript(name) },
		find:  func(p *project) []Finding { return append(findUnverified(p), unverifiedScripts(p)...) },
	}
}

const unverifiedSeen = "a token from a request is decoded without verification, and nothing in this file verifies one"

func findUnverified(p *project) []Finding {
	var found []Finding
	p.each(isProgram, func(name string, text []byte) {
		if len(text) > maxProgram || !bytes.Contains(bytes.ToLower(text), []byte("clerk")) {
			return
		}
		var at []token.Token
		switch lang := languageOf(name); lang {
		case "Go":
			at = unverifiedGo(text)
		default:
			if !bytes.Contains(text, []byte("decode")) && !bytes.Contains(text, []byte("get_unverified_claims")) {
				return
			}
			at = unverifiedIn(readProgram(name, text))
		}
		for _, t := range at {
			found = append(found, Finding{Path: name, Range: rangeOf(text, t.Start, t.End), Seen: unverifiedSeen})
		}
	})
	return found
}

// unverifiedIn returns where a program decodes a token without verification, unless the program verifies one, or isn't about Clerk's
// tokens in requests.
func unverifiedIn(p program) []token.Token {
	if !p.mentions("clerk") || !p.has("sub", "org_id", "org_role") || !p.mentions("authorization", "__session", "httpbearer", "bearertoken") || !turnsAway(p) ||
		p.names("authenticate_request", "authenticateRequest", "verify_token", "verifyToken", "PyJWKClient", "openssl_verify", "openssl_pkey_get_public") {
		return nil
	}
	var found []token.Token
	for i, t := range p.tokens {
		switch rest := p.tokens[i:]; {
		case t.Kind != token.Name:
		case i > 0 && p.tokens[i-1].Is(".") && sequence(rest, "verify", "("): // key.verify(…): by hand
			return nil
		case p.language == "Python" && sequence(rest, "get_unverified_claims", "("):
			found = append(found, t)
		case p.language == "PHP" && sequence(rest, "json_decode", "(", "base64_decode", "("):
			found = append(found, t)
		case p.language == "PHP" && sequence(rest, "JWT", "::", "decode"):
			return nil
		case t.Text == "decode" && i > 1 && p.tokens[i-1].Is(".") && strings.Contains(strings.ToLower(p.tokens[i-2].Text), "jwt") && sequence(rest, "", "("):
			arguments := rest[2 : token.Closing(rest, 1)+1]
			if !skipsVerification(p.language, arguments) {
				return nil
			}
			found = append(found, t)
		}
	}
	return found
}

// turnsAway reports whether a program refuses requests for who sends them: then a token's subject is more than what a log or a limit needs.
func turnsAway(p program) bool {
	return slices.ContainsFunc(p.tokens, func(t token.Token) bool { return isRefusal(t.Text) && t.Kind != token.Op })
}

// isRefusal reports whether a word is about an answer to who isn't signed in, or has no right.
func isRefusal(word string) bool {
	word = strings.ToLower(word)
	if word == "401" || word == "403" {
		return true
	}
	for _, sign := range []string{"unauthorized", "unauthenticated", "forbidden", "authenticationfailed", "permissiondenied"} {
		if strings.Contains(strings.ReplaceAll(word, "_", ""), sign) {
			return true
		}
	}
	return false
}

// skipsVerification reports whether the arguments of decode say that the signature isn't verified.
func skipsVerification(language string, arguments []token.Token) bool {
	for i := range arguments {
		rest := arguments[i:]
		switch language {
		case "Python":
			if sequence(rest, "verify_signature", ":", "False") || sequence(rest, "verify_signature", "=", "False") || sequence(rest, "verify", "=", "False") {
				return true
			}
		case "Ruby":
			if sequence(rest, ",", "nil", ",", "false") {
				return true
			}
		}
	}
	return false
}
