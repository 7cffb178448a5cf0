package excerpt

import (
	"regexp"
	"sync"
)

// maskSecrets replaces what is no credential of Clerk's and nobody's business either: passwords in addresses, the values
// of names that say so, and what begins as other vendors' keys do.
func maskSecrets(s string) string {
	for _, p := range secretPatterns() {
		s = p.ReplaceAllStringFunc(s, func(match string) string {
			m := p.FindStringSubmatch(match)
			value := m[p.SubexpIndex("value")]
			if isReference(value) {
				return match
			}
			return m[p.SubexpIndex("before")] + "…" + m[p.SubexpIndex("behind")]
		})
	}
	return s
}

// secretPatterns find values to mask, the name or the like before them, and what is behind.
var secretPatterns = sync.OnceValue(func() []*regexp.Regexp {
	// A name that says that its value is secret, alone or as a part of a longer one: DB_PASSWORD, accessToken, pw.
	const name = `(?:[\w.-]*(?:password|passwd|passphrase|passcode|secret|token|credential|api_?-?key|access_?-?key|private_?-?key|` +
		`encryption_?-?key|signing_?-?key|authorization)[\w.-]*|(?:[\w.-]*[_.-])?(?:pw|pwd|pass|auth))`
	const assigned = `\\*["'\x60]?\s*(?:=>|:=|[:=])\s*\\*` // in JSON within a string, too
	return []*regexp.Regexp{
		regexp.MustCompile(`(?i)(?P<before>\b(?:bearer|basic)\s+)(?P<value>[\w.~+/=-]{6,})(?P<behind>)`),
		regexp.MustCompile(`(?P<before>://[^\s:/@"'<>]*:)(?P<value>[^\s"'<>]+)(?P<behind>@)`),
		regexp.MustCompile(`(?i)(?P<before>\b` + name + assigned + `")(?P<value>[^"]*[^"\\])(?P<behind>\\*"|\\*$)`),
		regexp.MustCompile(`(?i)(?P<before>\b` + name + assigned + `')(?P<value>[^']+)(?P<behind>'|$)`),
		regexp.MustCompile("(?i)(?P<before>\\b" + name + assigned + "`)(?P<value>[^`]+)(?P<behind>`|$)"),
		regexp.MustCompile(`(?i)(?P<before>\b` + name + assigned + `)(?P<value>[^\s"'\x60,;&(){}\[\]<>…\\][^\s"'\x60,;&<>]*)(?P<behind>)`),
		regexp.MustCompile(`(?i)(?P<before>--?(?:password|passwd|pass|pw|token|secret|api-key)[ =])(?P<value>[^\s"'…-][^\s"']*)(?P<behind>)`),
		regexp.MustCompile(`(?P<before>\b(?:AKIA|ASIA|AIza|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|sk-|sk_(?:live|test)_|rk_(?:live|test)_|` +
			`whsec_|SG\.|npm_|pypi-|hf_|dckr_pat_|shpat_|sq0|eyJ))(?P<value>[\w.=+/-]{6,})(?P<behind>)`),
	}
})

// isReference reports whether a value is only where a secret is to be had from, which helps to understand a line, or what
// was masked already.
func isReference(value string) bool { return referencePattern().MatchString(value) }

var referencePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:process\.env|import\.meta|os\.(?:environ|getenv|Getenv)|System\.getenv|ENV[.\[]|(?:get)?env\(|Deno\.env|\$\{|\{\{|<%)` +
		`|^\$[A-Z_][A-Z0-9_]*$|^%[A-Z_][A-Z0-9_]*%$|^(?i:true|false|null|nil|none|undefined|string|str|bearer|basic)$|^\w*…[\w/+=]{4}$`)
})
