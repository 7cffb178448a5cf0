package detect

import "strconv"

// The lengths of the body of a malformed key.
const (
	shortestMalformed = 36
	longestMalformed  = 60
)

// knockBody is the length of the bodies of Knock's keys.
const knockBody = 43

// malformedKey looks at v.text[at:] for a secret key that lost or gained characters, on a line that mentions Clerk. None
// of that works as it stands; it is for who asks, see [Options].
func (r *run) malformedKey(v *view, at int) {
	t := &r.tok
	t.read(v.text, at, prefixLength+longestMalformed+2)
	env, ok := t.environment()
	if !ok {
		return
	}
	n := t.n
	for i := range t.nseams {
		if t.seams[i].how == adjacentSeam && t.seams[i].before > prefixLength {
			n = min(n, t.seams[i].before)
		}
	}
	length := n - prefixLength
	if length < shortestMalformed || length > longestMalformed || length == bodyLength || v.truncated && t.end(n) == len(v.text) {
		return
	}
	value := t.text(n)
	body := value[prefixLength:]
	if !isAlphanumeric(body) || !startsFresh(v.text, at) || !r.wants(v, value) || !random(body) || body[:2] == "51" { // Stripe
		return
	}
	end, written := t.end(n), t.forms
	s := r.surroundingsOf(v, at, end)
	if s.otherVendor() != "" || !namesClerk(s.variable) && (length == knockBody || !namesClerk(s.line)) {
		return
	}
	f := Finding{
		Kind: SecretKey, Environment: env, Severity: severityOf(env), Confidence: LowConfidence, Secret: NewSecret(value),
		Instance: s.instance(env), Dashboard: s.page(),
		Reasons: s.forClerk().after(Reason{WrongLength, strconv.Itoa(length)}),
	}
	r.finish(v, at, end, f, &s, written)
}

func isAlphanumeric(s string) bool {
	for i := range len(s) {
		if !isBase62(s[i]) {
			return false
		}
	}
	return true
}
