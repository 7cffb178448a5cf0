package audit

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/data"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// tokenTemplate finds templates of tokens that carry metadata which users write, or which browsers aren't to have.
func tokenTemplate() Check {
	return Check{
		ID: "C18", Title: "A token template carries metadata that it shouldn't", Severity: detect.MediumSeverity, Tier: All,
		Fix:  "Put {{user.public_metadata}} into the token, or the one field of it that you need: only your server writes that.",
		Link: "https://clerk.com/docs/guides/sessions/customize-session-tokens",
		Why: "Users write their own `unsafeMetadata`, with the publishable key alone. In a token that Clerk signs it looks like any other claim, and the code that reads the claim, or " +
			"another service that trusts the token, can't tell. `privateMetadata` is for your server; the browser has the token, and whoever has the token can read it.\n\n" +
			"All of `unsafe_metadata`, and roles, permissions and plans in it, are reported. Another field of it, such as a theme, is not.",
		Before: []Example{{"clerk/config.json", "{\n  \"session\": {\n    \"claims\": { \"metadata\": \"{{user.unsafe_metadata}}\" }\n  }\n}\n"}},
		After:  []Example{{"clerk/config.json", "{\n  \"session\": {\n    \"claims\": { \"metadata\": \"{{user.public_metadata}}\" }\n  }\n}\n"}},
		wants:  func(name string) bool { return isTemplateFile(name) || isScript(name) },
		find:   func(p *project) []Finding { return append(findTemplates(p), templatesInScripts(p)...) },
	}
}

// isTemplateFile reports whether a JSON file may hold the template of a token: its path says so. Others may be many, and large.
func isTemplateFile(name string) bool {
	low := strings.ToLower(name)
	return (strings.HasSuffix(low, ".json") || strings.HasSuffix(low, ".jsonc")) && isOurs(name) && !isAside(name) &&
		(strings.Contains(low, "clerk") || saysClaims(path.Base(low)) || strings.Contains(path.Base(low), "token"))
}

func findTemplates(p *project) []Finding {
	var found []Finding
	p.each(isTemplateFile, func(name string, text []byte) {
		if !bytes.Contains(text, []byte("user.unsafe_metadata")) && !bytes.Contains(text, []byte("user.private_metadata")) {
			return
		}
		isTemplate := saysClaims(path.Base(name))
		data.Strings(text, func(keys []string, value string, start, end int) {
			if f, ok := judgeTemplate(value); ok && (isTemplate || slices.ContainsFunc(keys, saysClaims)) {
				f.Path, f.Range = name, rangeOf(text, start, end)
				found = append(found, f)
			}
		})
	})
	return found
}

// saysClaims reports whether a name is one of claims, or of a token's template.
func saysClaims(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"claims", "jwt", "sessiontoken", "session-token", "session_token"}, func(sign string) bool { return strings.Contains(name, sign) })
}

func templatesInScripts(p *project) []Finding {
	var found []Finding
	p.scripts([]string{"{{", "user.unsafe_metadata|user.private_metadata"}, func(f *js.File) {
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind != js.String {
				return true
			}
			finding, ok := judgeTemplate(n.Text)
			for up := n.Parent; ok && up != nil; up = up.Parent {
				if up.Kind == js.Property && saysClaims(up.Text) || up.Kind == js.Declarator && up.Kids[0].Kind == js.Ident && saysClaims(up.Kids[0].Text) {
					finding.Path, finding.Range = f.Path, placeOf(f, n)
					found = append(found, finding)
					break
				}
			}
			return true
		})
	})
	return found
}

// judgeTemplate says what a value of a template carries that it shouldn't.
func judgeTemplate(value string) (Finding, bool) {
	for _, field := range shortcodes(value) {
		switch rest, ok := strings.CutPrefix(field, "user.unsafe_metadata"); {
		case ok && rest == "":
			return Finding{Seen: "the token carries all metadata that users write themselves"}, true
		case ok && isPrivilege(rest[strings.LastIndexByte(rest, '.')+1:]):
			return Finding{Severity: detect.HighSeverity, Seen: "the token carries a privilege from metadata that users write themselves"}, true
		}
		if field == "user.private_metadata" || strings.HasPrefix(field, "user.private_metadata.") {
			return Finding{Seen: "the token is to carry private metadata, and browsers can read it", Fix: "Leave it out, and read it on the server: (await clerkClient()).users.getUser(userId)."}, true
		}
	}
	return Finding{}, false
}

// shortcodes returns the names in the shortcodes of a template's value: {{user.a || user.b}} has two.
func shortcodes(value string) []string {
	var all []string
	for {
		_, after, ok := strings.Cut(value, "{{")
		code, rest, closed := strings.Cut(after, "}}")
		if !ok || !closed {
			return all
		}
		for part := range strings.SplitSeq(code, "||") {
			all = append(all, strings.TrimSpace(part))
		}
		value = rest
	}
}
