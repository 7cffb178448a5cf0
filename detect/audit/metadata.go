package audit

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/token"
)

// unsafeMetadata finds privileges that people can give themselves.
func unsafeMetadata() Check {
	return Check{
		ID: "C17", Title: "A privilege is read from metadata that users write", Severity: detect.CriticalSeverity, Tier: Default,
		Fix:  "Users can write unsafeMetadata from the browser. Keep roles and plans in publicMetadata, set by your server, or use organization roles.",
		Link: "https://clerk.com/docs/guides/users/extending",
		Why: "`unsafeMetadata` is writable by the user it belongs to, with the publishable key alone: `user.update({ unsafeMetadata: { role: \"admin\" } })` in the browser's console. " +
			"A condition that reads a role, a permission or a plan from it is one that everybody can meet.",
		Before: []Example{{"views.py", "def delete_post(user, post):\n    if user.unsafe_metadata.get(\"role\") != \"admin\":\n        raise PermissionError\n    post.delete()\n"}},
		After:  []Example{{"views.py", "def delete_post(user, post):\n    if user.public_metadata.get(\"role\") != \"admin\":\n        raise PermissionError\n    post.delete()\n"}},
		wants:  func(name string) bool { return isProgram(name) || isScript(name) },
		find:   func(p *project) []Finding { return append(unsafeGuards(p), unsafeScriptGuards(p)...) },
	}
}

// What is decided by such a key gives its bearer more than others have.
var privileges = []string{
	"role", "roles", "admin", "is_admin", "isadmin", "superuser", "is_superuser", "is_staff", "permission", "permissions", "plan", "tier",
}

func isPrivilege(word string) bool { return slices.Contains(privileges, strings.ToLower(word)) }

func isUnsafeMetadata(word string) bool {
	return word == "unsafe_metadata" || word == "unsafeMetadata" || word == "UnsafeMetadata" || word == "getUnsafeMetadata"
}

// unsafeGuards finds conditions on unsafe metadata in programs other than JavaScript: Python, Ruby, PHP and Go.
func unsafeGuards(p *project) []Finding {
	var found []Finding
	p.each(isProgram, func(name string, text []byte) {
		if len(text) > maxProgram || !bytes.Contains(text, []byte("unsafe_metadata")) && !bytes.Contains(bytes.ToLower(text), []byte("unsafemetadata")) {
			return
		}
		var at []token.Token
		if languageOf(name) == "Go" {
			at = unsafeGuardsGo(text)
		} else {
			at = unsafeGuardsIn(readProgram(name, text))
		}
		for _, t := range at {
			found = append(found, Finding{Path: name, Range: rangeOf(text, t.Start, t.End), Seen: "what a user may do is decided by metadata that they can write themselves"})
		}
	})
	return found
}

// metadataRead is where a program reads a privilege from unsafe metadata, and which.
type metadataRead struct {
	at   token.Token
	word string
}

// unsafeGuardsIn returns where a program reads a privilege from unsafe metadata and decides by it: in the same statement, or later by the
// variable that it puts it in.
func unsafeGuardsIn(p program) []token.Token {
	var found []token.Token
	held := map[string]metadataRead{} // by variable
	for _, statement := range token.Statements(p.tokens) {
		assigned := assignedIn(statement)
		i, word := readsPrivilege(statement)
		switch {
		case i >= 0 && decides(statement, i, word):
			found = append(found, statement[i])
		case i >= 0 && assigned != "":
			held[assigned] = metadataRead{statement[i], word}
			continue
		}
		for at, t := range statement {
			if read, ok := held[t.Text]; ok && t.Kind == token.Name && decides(statement, at, read.word) && (at == 0 || !statement[at-1].Is(".")) {
				found = append(found, read.at)
				delete(held, t.Text)
			}
		}
		delete(held, assigned)
	}
	return found
}

// readsPrivilege returns the index of unsafe metadata of which the statement reads a privilege, or -1, and the privilege. What sets it, as an
// argument or a key, is no reading.
func readsPrivilege(statement []token.Token) (int, string) {
	for i, t := range statement {
		if t.Kind != token.Name && t.Kind != token.String || !isUnsafeMetadata(t.Text) {
			continue
		}
		if i+1 < len(statement) && (statement[i+1].Is("=") || statement[i+1].Is(":") || statement[i+1].Is("=>")) {
			continue
		}
		// The privilege is what is asked of it: .role, ["role"], .get("role"), ->role, with no more than brackets and defaults between.
		for _, next := range statement[i+1 : min(i+14, len(statement))] {
			switch {
			case (next.Kind == token.Name || next.Kind == token.String) && isPrivilege(strings.TrimPrefix(next.Text, "$")):
				return i, strings.ToLower(strings.TrimPrefix(next.Text, "$"))
			case next.Kind == token.Op && (next.Text == "==" || next.Text == "===" || next.Text == "!=" || next.Text == "!==" || next.Text == ":"):
				goto next
			}
		}
	next:
	}
	return -1, ""
}

// isFlag reports whether a privilege is one that somebody has or not, so that asking for it decides. That a role is set at all says nothing.
func isFlag(word string) bool {
	return strings.Contains(word, "admin") || strings.Contains(word, "superuser") || strings.Contains(word, "staff")
}

// decides reports whether a privilege that is at index i of a statement decides there: a flag by being asked for, a role by being compared
// with one that nobody gives themselves, a plan by being refused where it isn't one that is paid for. Other roles, such as a buyer's, may be
// the user's choice.
func decides(statement []token.Token, i int, word string) bool {
	compared := isCompared(statement, i)
	switch {
	case isFlag(word):
		return compared || isAny(statement[:i], "if", "elif", "elsif", "elseif", "unless", "while", "assert")
	case word == "plan" || word == "tier":
		return compared && isAny(statement, "!=", "!==", "not", "unless") && names(statement, paid)
	case strings.HasPrefix(word, "permission"):
		return compared
	}
	return compared && names(statement, privileged)
}

// isCompared reports whether what is at index i of a statement is compared with something, or looked for in a list.
func isCompared(statement []token.Token, i int) bool {
	loop := isAny(statement, "for") // its in compares nothing
	if before := beforeChain(statement, i); before != nil && (isAny([]token.Token{*before}, "==", "===", "!=", "!==") || before.Is("in") && !loop) {
		return true
	}
	return isAny(statement[i:], "==", "===", "!=", "!==", "include?") || isAny(statement[i:], "in") && !loop || isAny(statement[:i], "in_array")
}

// isAny reports whether one of the tokens is code and one of the words.
func isAny(tokens []token.Token, words ...string) bool {
	return slices.ContainsFunc(tokens, func(t token.Token) bool { return t.Kind != token.String && slices.Contains(words, t.Text) })
}

// names reports whether a statement names a value of the kind: a string that isn't the name of a privilege, or a constant.
func names(statement []token.Token, kind *regexp.Regexp) bool {
	return slices.ContainsFunc(statement, func(t token.Token) bool {
		constant := t.Kind == token.Name && t.Text == strings.ToUpper(t.Text)
		return (t.Kind == token.String || constant) && kind.MatchString(t.Text) && !isFlagKey(t)
	})
}

// isFlagKey reports whether a string is the name of a flag, and no role: is_admin.
func isFlagKey(t token.Token) bool { return strings.HasPrefix(strings.ToLower(t.Text), "is_") }

// beforeChain returns what stands before the names of which the one at index i is the last: the operator in "admin" in user.metadata.
func beforeChain(statement []token.Token, i int) *token.Token {
	for i > 1 && slices.Contains([]string{".", "->", "?->", "::", "&"}, statement[i-1].Text) && statement[i-1].Kind == token.Op {
		i -= 2
	}
	if i == 0 || statement[i-1].Kind == token.String {
		return nil
	}
	return &statement[i-1]
}

// assignedIn returns the variable that a statement gives a value, or "".
func assignedIn(statement []token.Token) string {
	if len(statement) > 2 && statement[0].Kind == token.Name && statement[1].Is("=") {
		return statement[0].Text
	}
	return ""
}
