package detect

import "github.com/rekey-app/rekey/detect/encoding"

// rule is all that is known of one credential, or of several that begin alike. [rules] is the table of them: who adds a
// credential writes a file with its rule and a line there. The search, the cheap look, what is looked for where a text is
// encoded, and what is masked follow from it.
type rule struct {
	// anchors are literals of which each such credential, written plainly, begins with one. What names the credential may
	// stand for it.
	anchors []string
	// words are those of anchors that stand before an underscore: it may be escaped.
	words []string
	// torn are what is whole of such a word's underscore and what follows where literals are joined within the word.
	torn []string
	// starts are what each such credential, or its name, starts with, and depth is in which encodings these are looked for.
	starts []string
	depth  depth
	// steps are what the search stopping at an anchor and the cheap look cost, measured: BenchmarkAdversary prints them.
	steps int

	// plausible is the cheap look: it reports whether such a credential may stand at text[at:], an anchor. It looks no farther
	// than [plausibleReach], turns no credential down, and allocates nothing but for HTML entities.
	plausible func(text []byte, at int) bool
	// find reads what stands at the anchor at v.text[at:], to t, and cuts it to the credential. It asks for no randomness.
	find func(t *token, v *view, at int) (match, bool)
	// genuine reports whether the value is no placeholder.
	genuine func(m *match) bool
	// judge says by what is around how sure it is that the match is a credential of Clerk's, and how much harm that does. It
	// returns false where it is another's.
	judge func(r *run, m *match, s *surroundings) (Finding, bool)

	// also is tried at the same anchors where this finds nothing.
	also *rule

	shown  []string // prefixes that are no part of the secret, see [Secret.Redacted]
	masked []string // what [Scanner.Redact] masks letters and digits behind, whatever is around
}

// depth is in which encodings the starts of a credential are looked for.
type depth byte

const (
	inOnce depth = iota // base64
	inAny               // also hexadecimal and UTF-16
	inTorn              // also base64 of which a line end tears the start, or that is encoded once more
)

// rules are all of them. With malformed those of malformed secret keys are among them, see [Options].
func rules(malformed bool) []*rule {
	key := &secretKeyRule
	if malformed {
		key = &anyKeyRule
	}
	return []*rule{key, &akRule, &webhookRule, &nameRule, &claimURLRule, &claimTokenRule}
}

// match is what may be a credential, in a view's text.
type match struct {
	at, end  int
	value    string
	written  encoding.Forms
	env      Environment
	variable string // that it is assigned to, where a rule reads that; else it is looked for
	named    *named
}

// match returns the token's first n characters.
func (t *token) match(n int) match {
	return match{at: t.at, end: t.end(n), value: t.text(n), written: t.forms}
}

// apply looks at the anchor of a rule at v.text[at:], and takes the credential that it finds.
func (r *run) apply(c *rule, v *view, at int) {
	if !r.try(c, v, at) && c.also != nil {
		r.try(c.also, v, at)
	}
}

// try is apply without what is tried else. It reports whether there is a credential.
func (r *run) try(c *rule, v *view, at int) bool {
	m, ok := c.find(&r.tok, v, at)
	if !ok || !r.wants(v, m.value) || !c.genuine(&m) {
		return false
	}
	s := r.surroundingsOf(v, m.at, m.end)
	if m.variable != "" {
		s.variable = m.variable
	}
	f, ok := c.judge(r, &m, &s)
	if !ok {
		return false
	}
	f.Secret = NewSecret(m.value)
	if r.s.isSample(f.Secret) {
		return true
	}
	if s.removed && f.lacks != lacksPath {
		f.Confidence, f.lacks = LowConfidence, lacksNothing
		f.Reasons = f.Reasons.after(Reason{Code: RemovedLine})
	}
	if f.Confidence == HighConfidence && nameAfter(v.text, m.at, m.end) { // glued to what follows
		f.Confidence = MediumConfidence
	}
	f.Variable, f.Allowed = s.variable, s.allowed
	if f.Browser = shipsToBrowsers(f.Variable); f.Browser {
		f.Reasons = append(f.Reasons, Reason{Code: BrowserVariable})
	}
	r.add(v, m.at, m.end, f, m.written)
	return true
}
