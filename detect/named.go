package detect

import (
	"strings"

	"github.com/rekey-app/rekey/detect/budget"
)

// nameReach is how far behind its anchor a name, and the start of its value, are looked for.
const nameReach = budget.ReachName

// longestName is how many characters of a name are read from its anchor on.
const longestName = 96

// namesSecret reports whether the name that text[at:] is part of may be one that tells the kind of its value, and the value
// such a credential.
func namesSecret(text []byte, at int) bool {
	window := text[:min(len(text), at+nameReach)]
	end, kind, upper := nameEnd(window, at)
	if kind == "" {
		return false
	}
	i := valueAfter(window, end, upper)
	if i < 0 {
		return false
	}
	w := tokenWalk{text: text, at: i}
	var b [32]byte
	least := len(b)
	switch kind {
	case EncryptionKey:
		least = shortestEncryptionKey
	case LegacyAPIKey:
		const prefix = 5
		return w.take(b[:prefix]) == prefix && (string(b[:prefix]) == "live_" || string(b[:prefix]) == "test_") && w.take(b[:30]) == 30
	case OAuthClientSecret:
		least = 16
	}
	return w.take(b[:least]) == least
}

// nameEnd returns where the name ends that text[at:] is part of, the kind of credential that its end is for, and whether
// it has no lower-case letter from there on.
func nameEnd(text []byte, at int) (end int, kind Kind, upper bool) {
	var last [16]byte // the last letters and digits, in a ring
	n := 0
	upper = true
	for range longestName {
		c, width := peekAt(text, at)
		if width == 0 || !isName(c) || c == ':' {
			break
		}
		if isBase62(c) {
			upper = upper && !isLower(c)
			last[n%len(last)] = c | 0x20
			n++
		}
		at += width
	}
	var tail [16]byte
	for i := range tail {
		tail[i] = last[(n+i)%len(last)]
	}
	return at, kindBySuffix(tail[:]), upper
}

// named looks at the name that v.text[at:] is part of, and at its value: the credentials that have no prefix of their own.
func (r *run) named(v *view, at int) {
	const before = 64
	window := v.text[:min(len(v.text), at+nameReach)]
	end, kind, _ := nameEnd(window, at)
	if kind == "" {
		return
	}
	low := max(0, at-before)
	plain := unescaped(v.text[low:at])
	start := len(plain)
	for start > 0 && isName(plain[start-1]) {
		start--
	}
	if start == 0 && low > 0 {
		return
	}
	name := cleanName(strings.TrimRight(string(plain[start:])+string(unescaped(v.text[at:end])), ":.-"))
	if kind = kindOf(name); kind == "" {
		return
	}
	if i := valueAfter(window, end, isVariable(name)); i >= 0 {
		r.namedValue(v, i, name, kind)
	}
}

// kindOf returns the kind of the credential that a name is for, where the name alone tells.
func kindOf(name string) Kind {
	if !namesClerk(name) {
		return ""
	}
	plain := plainName(name)
	kind := kindBySuffix([]byte(plain))
	if kind == OAuthClientSecret && socialIn(name) {
		return ""
	}
	return kind
}

// kindBySuffix is kindOf for the end of a plain name.
func kindBySuffix(plain []byte) Kind {
	for _, end := range [...]struct {
		suffix string
		kind   Kind
	}{
		{"encryptionkey", EncryptionKey},
		{"clientsecret", OAuthClientSecret},
		{"oauthsecret", OAuthClientSecret},
		{"apikey", LegacyAPIKey},
		{"secretkey", LegacyAPIKey},
	} {
		if len(plain) >= len(end.suffix) && string(plain[len(plain)-len(end.suffix):]) == end.suffix {
			return end.kind
		}
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
	if n == 0 || n == maxToken || v.truncated && t.end(n) == len(v.text) {
		return
	}
	value := t.text(n)
	if !r.wants(v, value) {
		return
	}
	f := Finding{Kind: kind, Reasons: Reasons{{AssignedTo, name}}, Secret: NewSecret(value), Confidence: MediumConfidence}
	switch kind {
	case LegacyAPIKey:
		body := ""
		switch {
		case t.has("live_"):
			f.Environment, f.Severity, body = Live, CriticalSeverity, value[5:]
		case t.has("test_"):
			f.Environment, f.Severity, body = Test, MediumSeverity, value[5:]
		}
		// 34 of base62 is measured, at three keys; the other lengths are assumed.
		if len(body) < 30 || len(body) > 40 || strings.ContainsAny(body, "+/=-_") || !hasClasses(body) || !secretLooking(body, 3.8) {
			return
		}
		if len(body) != 34 {
			f.Confidence = LowConfidence
		}
	case EncryptionKey:
		f.Severity = LowSeverity
		if !isEncryptionKey(value) {
			return
		}
	case OAuthClientSecret:
		f.Severity = HighSeverity
		if !isClientSecret(value) {
			return
		}
		f.Confidence = clientSecretConfidence(name)
	}
	end, written := t.end(n), t.forms
	s := r.surroundingsOf(v, at, end)
	s.variable = name
	if s.removed {
		f.Confidence = LowConfidence
		f.Reasons = f.Reasons.after(Reason{Code: RemovedLine})
	}
	if f.Environment != "" {
		f.Instance = s.instance(f.Environment)
	}
	r.finish(v, at, end, f, &s, written)
}

// valueAfter returns the offset of the value that is assigned to the name which ends at text[i:], escapes read, or -1.
// spaced means that nothing but space may stand between, as in a Dockerfile's ENV.
func valueAfter(text []byte, i int, spaced bool) int {
	i = skip(text, i, "\"'`])*", 4)
	// The value beside its name: "name": "X", "value": "…".
	if label := skip(text, i, ",;/ \t\r\n\"'-", 80); label > i {
		for _, word := range []string{"value", "Value", "default"} {
			n := follows(text, label, word)
			if n < 0 {
				continue
			}
			n = skip(text, n, "\"' \t", 8)
			if c, width := peekAt(text, n); c == ':' || c == '=' {
				return skip(text, n+width, " \t\"'`", 40)
			}
		}
	}
	blank := skip(text, i, " \t", 40)
	n := blank
	for _, operator := range []string{"=>", ":=", "||=", "??=", "||", "??", "=", ":", ",", "|", ">"} {
		if behind := follows(text, n, operator); behind >= 0 {
			n = behind
			break
		}
	}
	if n == blank && !(spaced && blank > i) {
		return -1
	}
	n = skip(text, n, " \t", 40)
	n = skip(text, n, "\"'`", 3)
	if c, width := peekAt(text, n); width == 0 || !isTail(c) {
		return -1
	}
	return n
}

// peekAt returns the character at text[i:], escaped or not, and the bytes it takes: none at the end.
func peekAt(text []byte, i int) (c byte, n int) {
	if i >= len(text) {
		return 0, 0
	}
	switch c = text[i]; c {
	case '\\', '%', '&', '=':
		c, n, _ = charAt(text, i)
		return c, n
	}
	return c, 1
}

// skip returns the offset behind those of the first most characters at text[i:] that are in set, without a break.
func skip(text []byte, i int, set string, most int) int {
	for range most {
		c, n := peekAt(text, i)
		if n == 0 || strings.IndexByte(set, c) < 0 {
			break
		}
		i += n
	}
	return i
}

// follows returns the offset behind word where it stands at text[i:], escaped or not, else -1.
func follows(text []byte, i int, word string) int {
	for k := range len(word) {
		c, n := peekAt(text, i)
		if n == 0 || c != word[k] {
			return -1
		}
		i += n
	}
	return i
}
