package detect

import (
	"bytes"
	"strings"
)

// variable returns the name that the value at text[at:] is assigned to, and "" where none is to be seen. It looks at
// what stands before the value on its line, and for a value beside its name ("name": …, "value": …) on the line above.
func variable(text []byte, at int) string {
	from := max(0, at-400)
	before := text[from:at]
	name, rest := nameBefore(before)
	switch strings.ToLower(name) {
	case "value", "val", "default", "defaultvalue", "default_value", "content", "string":
		if other := namedAbove(rest); other != "" {
			return other
		}
	}
	return name
}

// nameBefore returns the name at the end of before, which an assignment and perhaps a quote follow, and what stands
// before the name.
func nameBefore(before []byte) (name string, rest []byte) {
	s := trimQuote(before)
	s = trimSpace(s)
	for _, word := range []string{"Bearer", "bearer", "Basic", "Token"} {
		if t, ok := bytes.CutSuffix(s, []byte(word)); ok && len(t) > 0 && !isBase62(t[len(t)-1]) {
			s = trimSpace(trimQuote(trimSpace(t)))
		}
	}
	// A name follows an operator, or is followed by spaces alone where a command or a Dockerfile sets it.
	operator := len(s)
	for operator > 0 && strings.IndexByte("=:|?,>(", s[operator-1]) >= 0 {
		operator--
	}
	hasOperator := operator < len(s)
	spaced := len(s) < len(before)
	s = trimSpace(s[:operator])
	if n := len(s); n > 0 && (s[n-1] == ']' || s[n-1] == ')') {
		s = s[:n-1]
	}
	s = trimSpace(trimQuote(s))
	end := len(s)
	for end > 0 && isName(s[end-1]) {
		end--
	}
	name = string(s[end:])
	if !hasOperator && !(spaced && isVariable(name)) {
		return "", s
	}
	return cleanName(name), s[:end]
}

// isName tells whether c may stand in a name, a path of properties included.
func isName(c byte) bool { return isBase62(c) || strings.IndexByte("_-.$:", c) >= 0 }

// isVariable tells whether name is written as environment variables are.
func isVariable(name string) bool {
	return strings.Contains(name, "_") && strings.ToUpper(name) == name
}

// cleanName takes off what languages put before the name of an environment variable.
func cleanName(name string) string {
	name = strings.Trim(name, "-.:$")
	for _, prefix := range []string{"process.env.", "import.meta.env.", "env:", "env.", "config."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
		}
	}
	return name
}

// namedAbove finds the name in {"name": "X", "value": …} and its kin.
func namedAbove(before []byte) string {
	const reach = 250
	before = before[max(0, len(before)-reach):]
	lower := bytes.ToLower(before)
	for _, label := range []string{"name", "key", "variable"} {
		i := bytes.LastIndex(lower, []byte(label))
		if i < 0 {
			continue
		}
		s := before[i+len(label):]
		s = bytes.TrimLeft(s, "\"' \t=:\\>")
		end := 0
		for end < len(s) && isName(s[end]) {
			end++
		}
		if name := cleanName(string(s[:end])); len(name) > 2 {
			return name
		}
	}
	return ""
}

func trimSpace(s []byte) []byte { return bytes.TrimRight(s, " \t") }

func trimQuote(s []byte) []byte { return bytes.TrimRight(s, "\"'`\\") }

// browserPrefixes are those of variables that frameworks build into what they send to browsers.
var browserPrefixes = [...]string{
	"NEXT_PUBLIC_", "VITE_", "EXPO_PUBLIC_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "PLASMO_PUBLIC_", "GATSBY_", "VUE_APP_",
	"STORYBOOK_", "NG_APP_",
}

// shipsToBrowsers tells whether a framework puts the variable's value into what it sends to browsers.
func shipsToBrowsers(name string) bool {
	for _, p := range browserPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// otherVendors are those who use the same prefixes as Clerk.
var otherVendors = [...]string{
	"stripe", "paystack", "workos", "knock", "moyasar", "paymongo", "autumn", "liveblocks", "magic", "uploadthing", "apideck",
	"checkout", "elevenlabs", "revenuecat", "highnote", "tap_payment",
}

// vendorIn returns the other vendor that name speaks of.
func vendorIn(name string) string {
	lower := strings.ToLower(name)
	for _, v := range otherVendors {
		if strings.Contains(lower, v) {
			return v
		}
	}
	return ""
}

// namesClerk tells whether s speaks of Clerk, and not of MoonClerk or Clerk.io, which are others.
func namesClerk(s string) bool {
	lower := strings.ToLower(s)
	lower = strings.ReplaceAll(strings.ReplaceAll(lower, "moonclerk", ""), "clerk.io", "")
	return strings.Contains(lower, "clerk")
}
