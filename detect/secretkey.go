package detect

import "github.com/rekey-app/rekey/detect/encoding"

const (
	prefixLength = len("sk_live_")
	bodyLength   = 42
	keyLength    = prefixLength + bodyLength
)

// secretKeyRule is for secret keys of instances. Prefix, length and alphabet are measured, at 81 keys.
var secretKeyRule = rule{
	anchors: keyAnchors(),
	words:   []string{"sk"},
	torn:    []string{"_live_", "_test_"},
	starts:  []string{"sk_live_", "sk_test_"},
	depth:   inTorn,
	steps:   500,

	plausible: beginsKey,
	find:      findKey,
	genuine:   func(m *match) bool { return random(m.value[prefixLength:]) },
	judge:     judgeKey,

	shown:  []string{"sk_live_", "sk_test_"},
	masked: []string{"k_live_", "k_test_"},
}

// keyAnchors are sk_ with what may stand behind it: the first letter of live or test, escaped or not, or a seam; and sk\ with what
// may stand behind that for an underscore, but for the escapes that are anchors themselves: \_, \137, \U0000005f, and what is
// escaped twice.
func keyAnchors() []string {
	var list []string
	for _, behind := range "lt\\%&\"'`^=" {
		list = append(list, "sk_"+string(behind))
	}
	for _, escape := range `_1U\` {
		list = append(list, `sk\`+string(escape))
	}
	return list
}

// beginsKey reports whether a secret key may stand at text[at:]: all but that it looks random.
func beginsKey(text []byte, at int) bool {
	w := tokenWalk{text: text, at: at}
	if !w.passesPrefix() || !w.passesBody(bodyLength) {
		return false
	}
	end := w.at
	// More of the token may follow a seam, or be a path; or be the = of a line break.
	c, from, _, how := w.next()
	if startsFresh(text, at) && (how != encoding.NoSeam || from < 0 || c == '/' || c == '=' || nameAfter(text, at, end)) {
		return true
	}
	return isSized(text, at, keyLength)
}

// passesPrefix reads a secret key's prefix, if that stands there.
func (w *tokenWalk) passesPrefix() bool {
	var b [prefixLength]byte
	return w.take(b[:]) == prefixLength && (string(b[:]) == "sk_live_" || string(b[:]) == "sk_test_")
}

// passesBody reads n letters and digits, if so many stand there.
func (w *tokenWalk) passesBody(n int) bool {
	var b [bodyLength]byte
	return w.take(b[:n]) == n && all(b[:n], encoding.IsBase62)
}

// findKey reads the secret key at v.text[at:].
func findKey(t *token, v *view, at int) (match, bool) {
	t.read(v.text, at, keyLength+2)
	env, ok := t.environment("sk_")
	if !ok || t.n < keyLength || !isAlphanumeric(t.text(keyLength)[prefixLength:]) || !t.bounded(v.text, keyLength) {
		return match{}, false
	}
	m := t.match(keyLength)
	m.env = env
	return m, true
}

// environment returns the environment that t names behind the prefix, if it names one.
func (t *token) environment(prefix string) (env Environment, ok bool) {
	switch {
	case t.has(prefix + "live_"):
		return Live, true
	case t.has(prefix + "test_"):
		return Test, true
	}
	return "", false
}

// severityOf is the severity of a secret key of an environment.
func severityOf(env Environment) Severity {
	if env == Live {
		return CriticalSeverity
	}
	return MediumSeverity
}

// keyFinding is what is known of a secret key by what it says itself.
func keyFinding(m *match, s *surroundings) Finding {
	return Finding{
		Kind: SecretKey, Environment: m.env, Severity: severityOf(m.env), Instance: s.instance(m.env), Dashboard: s.page(), Reasons: s.forClerk(),
	}
}

func judgeKey(_ *run, m *match, s *surroundings) (Finding, bool) {
	f := keyFinding(m, s)
	switch {
	case s.isOthers():
		f.Confidence = LowConfidence
		f.Reasons = Reasons{{AssignedToOther, s.variable}}
	case len(f.Reasons) > 0:
		f.Confidence = HighConfidence
	default:
		f.Confidence = MediumConfidence
	}
	f.Reasons = append(f.Reasons, Reason{Code: RightLength})
	return f, true
}
