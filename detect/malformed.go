package detect

import "strconv"

// The lengths of the body of a malformed key.
const (
	shortestMalformed = 36
	longestMalformed  = 60
)

// knockBody is the length of the bodies of Knock's keys.
const knockBody = 43

// anyKeyRule is for secret keys, and for those that lost or gained characters, on a line that mentions Clerk. None of the latter
// works as it stands; they are for who asks, see [Options].
var anyKeyRule = func() rule {
	c := secretKeyRule
	c.plausible = beginsMalformed
	c.also = &rule{find: findMalformed, genuine: c.genuine, judge: judgeMalformed}
	return c
}()

// beginsMalformed is beginsKey for keys of any length.
func beginsMalformed(text []byte, at int) bool {
	w := tokenWalk{text: text, at: at}
	return w.passesPrefix() && w.passesBody(shortestMalformed) && (startsFresh(text, at) || isSized(text, at, keyLength))
}

// findMalformed reads the secret key of a wrong length at v.text[at:].
func findMalformed(t *token, v *view, at int) (match, bool) {
	t.read(v.text, at, prefixLength+longestMalformed+2)
	env, ok := t.environment("sk_")
	n := t.whole(prefixLength)
	length := n - prefixLength
	if !ok || length < shortestMalformed || length > longestMalformed || length == bodyLength || v.truncated && t.end(n) == len(v.text) {
		return match{}, false
	}
	m := t.match(n)
	m.env = env
	body := m.value[prefixLength:]
	return m, isAlphanumeric(body) && startsFresh(v.text, at) && body[:2] != "51" // Stripe
}

func judgeMalformed(_ *run, m *match, s *surroundings) (Finding, bool) {
	length := len(m.value) - prefixLength
	if s.isOthers() || !namesClerk(s.variable) && (length == knockBody || !namesClerk(s.line)) {
		return Finding{}, false
	}
	f := keyFinding(m, s)
	f.Confidence = LowConfidence
	f.Reasons = f.Reasons.after(Reason{WrongLength, strconv.Itoa(length)})
	return f, true
}
