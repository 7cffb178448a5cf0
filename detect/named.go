package detect

import (
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// nameReach is how far behind its anchor a name, and the start of its value, are looked for.
const nameReach = budget.ReachName

// longestName is how many characters of a name are read from its anchor on.
const longestName = 96

// named is a credential that has no prefix of its own: the name of its variable tells it, which has Clerk in it.
type named struct {
	kind     Kind
	severity Severity
	suffixes []string // which names have one of, by their letters and digits in lower case

	// others reports whether the name is another's all the same. nil: none is.
	others func(name string) bool
	// plausible is the cheap look at the value.
	plausible func(w tokenWalk) bool
	// genuine reports whether the value is no placeholder. What it says for an environment goes into the match.
	genuine func(m *match) bool
	// confidence is that in the value of a variable.
	confidence func(name, value string) Confidence
}

// namedCredentials are all of these.
var namedCredentials = [...]*named{&encryptionKey, &clientSecret, &legacyKey}

// nameRule is for all of namedCredentials, where their names stand.
var nameRule = rule{
	anchors: []string{"CLERK_", "clerk_", "lerkApiKey", "lerkEncryptionKey"},
	words:   []string{"CLERK", "clerk"},
	starts:  []string{"CLERK_"},
	depth:   inTorn,
	steps:   800,

	plausible: namesSecret,
	find:      findNamed,
	genuine:   func(m *match) bool { return m.named.genuine(m) },
	judge: func(_ *run, m *match, s *surroundings) (Finding, bool) {
		f := Finding{Kind: m.named.kind, Severity: m.named.severity, Reasons: Reasons{{AssignedTo, m.variable}}}
		f.Confidence = m.named.confidence(m.variable, m.value)
		if m.env != "" {
			f.Environment, f.Severity, f.Instance = m.env, severityOf(m.env), s.instance(m.env)
		}
		return f, true
	},

	shown: []string{"live_", "test_"}, // of legacy keys
}

// namesSecret reports whether the name that text[at:] is part of may be one that tells the kind of its value, and the value
// such a credential.
func namesSecret(text []byte, at int) bool {
	window := text[:min(len(text), at+nameReach)]
	end, credential, upper := nameEnd(window, at)
	if credential == nil {
		return false
	}
	i := valueAfter(window, end, upper)
	return i >= 0 && credential.plausible(tokenWalk{text: text, at: i})
}

// nameEnd returns where the name ends that text[at:] is part of, the credential that its end is for, and whether it has no
// lower-case letter from there on.
func nameEnd(text []byte, at int) (end int, credential *named, upper bool) {
	var last [16]byte // the last letters and digits, in a ring
	n := 0
	upper = true
	for range longestName {
		c, width := peekAt(text, at)
		if width == 0 || !isName(c) || c == ':' {
			break
		}
		if encoding.IsBase62(c) {
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
	return at, bySuffix(tail[:]), upper
}

// bySuffix returns the credential that a name of these letters and digits is for, or nil.
func bySuffix(plain []byte) *named {
	for _, credential := range namedCredentials {
		for _, suffix := range credential.suffixes {
			if len(plain) >= len(suffix) && string(plain[len(plain)-len(suffix):]) == suffix {
				return credential
			}
		}
	}
	return nil
}

// byName returns the credential that a name alone tells, or nil.
func byName(name string) *named {
	if !namesClerk(name) {
		return nil
	}
	credential := bySuffix([]byte(plainName(name)))
	if credential == nil || credential.others != nil && credential.others(name) {
		return nil
	}
	return credential
}

// findNamed reads the name that v.text[at:] is part of, and its value.
func findNamed(t *token, v *view, at int) (match, bool) {
	const before = 64
	window := v.text[:min(len(v.text), at+nameReach)]
	end, credential, _ := nameEnd(window, at)
	if credential == nil {
		return match{}, false
	}
	low := max(0, at-before)
	plain := unescaped(v.text[low:at])
	start := len(plain)
	for start > 0 && isName(plain[start-1]) {
		start--
	}
	if start == 0 && low > 0 {
		return match{}, false
	}
	name := cleanName(strings.TrimRight(string(plain[start:])+string(unescaped(v.text[at:end])), ":.-"))
	if credential = byName(name); credential == nil {
		return match{}, false
	}
	i := valueAfter(window, end, isVariable(name))
	if i < 0 {
		return match{}, false
	}
	t.read(v.text, i, maxToken)
	n := t.whole(0)
	if n == 0 || n == maxToken || v.truncated && t.end(n) == len(v.text) {
		return match{}, false
	}
	m := t.match(n)
	m.variable, m.named = name, credential
	return m, true
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
