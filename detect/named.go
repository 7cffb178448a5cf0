package detect

import (
	"bytes"
	"strings"
)

// named looks at the name that v.text[at:] is part of, and at its value: the credentials that have no prefix of their own.
func (r *run) named(v *view, at int) {
	const before, behind = 64, 512
	low := max(0, at-before)
	plain, places := unescapedAt(v.text[low:min(len(v.text), at+behind)])
	// Where the anchor stands in what was unescaped.
	p := at - low
	if places != nil {
		for p = 0; places[p] < at-low; p++ {
		}
	}
	start, end := p, p
	for start > 0 && isName(plain[start-1]) {
		start--
	}
	for end < len(plain) && isName(plain[end]) && plain[end] != ':' {
		end++
	}
	if start == end || start == 0 && low > 0 {
		return
	}
	name := cleanName(strings.TrimRight(string(plain[start:end]), ":.-"))
	kind := kindOf(name)
	if kind == "" {
		return
	}
	i := valueAfter(plain, end, isVariable(name))
	if i < 0 {
		return
	}
	if places != nil {
		i = places[i]
	}
	r.namedValue(v, low+i, name, kind)
}

// kindOf returns the kind of the credential that a name is for, where the name alone tells.
func kindOf(name string) Kind {
	if !namesClerk(name) {
		return ""
	}
	switch s := plainName(name); {
	case strings.HasSuffix(s, "encryptionkey"):
		return EncryptionKey
	case strings.HasSuffix(s, "clientsecret"), strings.HasSuffix(s, "oauthsecret"):
		for _, other := range []string{"google", "github", "gitlab", "facebook", "apple", "microsoft", "discord", "linkedin", "slack", "twitter", "azure"} {
			if strings.Contains(s, other) {
				return ""
			}
		}
		return OAuthClientSecret
	case strings.HasSuffix(s, "apikey"), strings.HasSuffix(s, "secretkey"):
		return LegacyAPIKey
	}
	return ""
}

// namedValue judges the value at v.text[at:] of a variable.
func (r *run) namedValue(v *view, at int, name string, kind Kind) {
	t := &r.tok
	t.read(v.text, at, maxToken)
	n := t.n
	for i := range t.nseams {
		if t.seams[i].how == adjacentSeam {
			n = min(n, t.seams[i].before)
		}
	}
	if n == 0 || n == maxToken {
		return
	}
	value := t.text(n)
	f := Finding{Kind: kind, Reasons: []string{"assigned to " + name}, Secret: NewSecret(value), Confidence: MediumConfidence}
	switch kind {
	case LegacyAPIKey:
		body := ""
		switch {
		case t.has(0, "live_"):
			f.Environment, f.Severity, body = Live, CriticalSeverity, value[5:]
		case t.has(0, "test_"):
			f.Environment, f.Severity, body = Test, MediumSeverity, value[5:]
		}
		if len(body) < 30 || len(body) > 40 || strings.ContainsAny(body, "+/=-_") || !hasClasses(body) || !secretLooking(body, 3.8) {
			return
		}
		if len(body) != 34 {
			f.Confidence = LowConfidence
		}
	case EncryptionKey:
		f.Severity = LowSeverity
		if n < 32 || n > 128 || !secretLooking(value, 2.8) || !strings.ContainsAny(value, "0123456789") {
			return
		}
	case OAuthClientSecret:
		f.Severity = HighSeverity
		if n < 16 || n > 128 || !secretLooking(value, 3.2) || !strings.ContainsAny(value, "0123456789") ||
			strings.HasPrefix(value, "GOCSPX-") || strings.HasPrefix(value, "pk_") || strings.HasPrefix(value, "sk_") {
			return
		}
	}
	end, written := t.end(n), t.forms
	s := r.surroundings(v, at, end)
	s.variable = name
	if s.removed {
		f.Confidence = LowConfidence
		f.Reasons = append([]string{becauseRemoved}, f.Reasons...)
	}
	if f.Environment != "" {
		f.Instance = s.instance(f.Environment)
	}
	r.finish(v, at, end, f, &s, written)
}

// valueAfter returns the offset of the value that is assigned to the name which ends at text[i:], or -1. spaced tells
// that nothing but space may stand between, as in a Dockerfile's ENV.
func valueAfter(text []byte, i int, spaced bool) int {
	i += skip(text[i:], "\"'`])*", 4)
	s := text[i:]
	// The value beside its name: "name": "X", "value": "…".
	label := skip(s, ",;/ \t\r\n\"'-", 80)
	for _, word := range []string{"value", "Value", "default"} {
		if rest, ok := bytes.CutPrefix(s[label:], []byte(word)); ok && label > 0 {
			n := skip(rest, "\"' \t", 8)
			if n < len(rest) && (rest[n] == ':' || rest[n] == '=') {
				n++
				return i + label + len(word) + n + skip(rest[n:], " \t\"'`", 40)
			}
		}
	}
	blank := skip(s, " \t", 40)
	n := blank
	for _, operator := range []string{"=>", ":=", "||=", "??=", "||", "??", "=", ":", ",", "|", ">"} {
		if bytes.HasPrefix(s[n:], []byte(operator)) {
			n += len(operator)
			break
		}
	}
	if n == blank && !(spaced && blank > 0) {
		return -1
	}
	n += skip(s[n:], " \t", 40)
	n += skip(s[n:], "\"'`", 3)
	if i+n >= len(text) || !isTail(text[i+n]) {
		return -1
	}
	return i + n
}

// skip returns how many of the first most bytes of s are in set, without a break.
func skip(s []byte, set string, most int) int {
	n := 0
	for n < len(s) && n < most && strings.IndexByte(set, s[n]) >= 0 {
		n++
	}
	return n
}
