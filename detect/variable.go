package detect

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

// variable returns the name that the value behind before is assigned to, and "" where none is to be seen. It looks at
// what stands on the value's line, and for a value beside its name ("name": …, "value": …) on the lines above.
func variable(before []byte) string {
	name, rest := nameBefore(before)
	switch strings.ToLower(name) {
	case "value", "val", "default", "defaultvalue", "default_value", "content", "string", "stringvalue":
		if other := namedAbove(rest); other != "" {
			return other
		}
	}
	return name
}

// operators are the bytes between a name and its value.
const operators = "=:|?,>("

// nameBefore returns the name at the end of before, which an assignment and perhaps a quote follow, and what stands
// before the name.
func nameBefore(before []byte) (name string, rest []byte) {
	s := trimValue(before)
	for _, word := range []string{"Bearer", "bearer", "BEARER", "Basic", "Token", "token"} {
		if t, ok := bytes.CutSuffix(s, []byte(word)); ok && len(t) < len(s) && len(s) < len(before) && (len(t) == 0 || !isName(t[len(t)-1])) {
			s = trimValue(t)
		}
	}
	spaced := len(s) < len(before)
	first := len(s)
	for first > 0 && strings.IndexByte(operators, s[first-1]) >= 0 {
		first--
	}
	behind := append(s[first:len(s):len(s)], 0) //nolint:gocritic // a copy with a 0 behind it
	s = trimValue(s[:first])
	for len(s) > 0 && (s[len(s)-1] == ']' || s[len(s)-1] == ')') {
		s = trimValue(s[:len(s)-1])
	}
	if t, ok := bytes.CutSuffix(s, []byte(": string")); ok {
		s = t
	}
	end := len(s)
	for end > 0 && isName(s[end-1]) {
		end--
	}
	name = cleanName(string(s[end:]))
	operator := behind[0]
	switch {
	case operator == '(' || operator == '>':
		// A function, or an element: no name of the value, but for those that say whose it is.
		if !isVariable(name) && !namesClerk(name) && !namesVendor(name, otherVendors) && !bytes.HasSuffix(s[:end], []byte("name=\"")) {
			return "", s
		}
	case operator == 0 && !(spaced && (isVariable(name) || namesClerk(name) && strings.ContainsAny(name, "-_."))):
		return "", s
	}
	return name, s[:end]
}

// trimValue takes off the quotes, spaces and marks that may stand between an operator and what it is about.
func trimValue(s []byte) []byte { return bytes.TrimRight(s, " \t\"'`*\\") }

// isName reports whether c may stand in a name, a path of properties included.
func isName(c byte) bool { return encoding.IsBase62(c) || strings.IndexByte("_-.$:", c) >= 0 }

// isVariable reports whether name is written as environment variables are.
func isVariable(name string) bool {
	return strings.Contains(name, "_") && strings.ToUpper(name) == name
}

// cleanName takes off what languages put before the name of an environment variable.
func cleanName(name string) string {
	name = strings.Trim(name, "-.:$")
	for _, prefix := range []string{"process.env.", "import.meta.env.", "Bun.env.", "Deno.env.", "env:", "env.", "config."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

// plainName returns the letters and digits of a name, in lower case.
func plainName(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		if encoding.IsBase62(name[i]) {
			b = append(b, name[i])
		}
	}
	return strings.ToLower(string(b))
}

// namedAbove finds X in {"name": "X", "value": …} and its kin.
func namedAbove(before []byte) string {
	const reach = 250
	before = before[max(0, len(before)-reach):]
	lower := bytes.ToLower(before)
	for _, label := range []string{"name", "key", "variable"} {
		i := len(lower)
		for {
			if i = bytes.LastIndex(lower[:i], []byte(label)); i < 0 {
				break
			}
			// A label of its own, not the end of another name.
			if (i == 0 || !encoding.IsBase62(lower[i-1])) && i+len(label) < len(lower) && !encoding.IsBase62(lower[i+len(label)]) {
				break
			}
		}
		if i < 0 {
			continue
		}
		s := bytes.TrimLeft(before[i+len(label):], "\"' \t=:\\>")
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

// browserPrefixes are those of variables that frameworks build into what they send to browsers.
var browserPrefixes = []string{
	"NEXT_PUBLIC_", "VITE_", "EXPO_PUBLIC_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "PLASMO_PUBLIC_", "GATSBY_", "VUE_APP_",
	"STORYBOOK_", "NG_APP_",
}

// shipsToBrowsers reports whether a framework puts the variable's value into what it sends to browsers.
func shipsToBrowsers(name string) bool {
	return slices.ContainsFunc(browserPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// otherVendors are those who use the same prefixes as Clerk.
var otherVendors = []string{
	"stripe", "paystack", "workos", "knock", "moyasar", "paymongo", "autumn", "liveblocks", "magic", "uploadthing", "apideck",
	"elevenlabs", "revenuecat", "highnote", "pagarme",
}

// webhookVendors are others whose webhook secrets start with whsec_.
var webhookVendors = []string{
	"resend", "polar", "lemon", "replicate", "openai", "loops", "dodo", "creem", "github", "supabase", "trigger", "incident",
	"brex", "guesty", "meetingbaas", "recall", "render", "cal_", "shopify", "paddle", "hook0", "tally", "lithic", "ditto", "etsy",
}

// lineVendors are other vendors whose names mean nothing else: where one is on a webhook secret's line, the secret is theirs.
var lineVendors = []string{
	"stripe", "resend", "paystack", "lemonsqueezy", "lemon_squeezy", "paddle", "polar.sh", "polar_", "supabase", "shopify", "openai",
	"creem", "dodopayments", "dodo_payments", "hook0", "recall.ai", "recall_ai", "meetingbaas", "guesty", "lithic", "brex", "authkit", "workos",
}

// namesVendor reports whether s has one of the names in vendors.
func namesVendor(s string, vendors ...[]string) bool {
	lower := strings.ToLower(s)
	has := func(name string) bool { return strings.Contains(lower, name) }
	return slices.ContainsFunc(vendors, func(names []string) bool { return slices.ContainsFunc(names, has) })
}
