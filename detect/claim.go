package detect

import "bytes"

// claimLength is the length of a claim token.
const claimLength = 40

// claimURL looks at v.text[at:], where Clerk's dashboard is named, for the URL that claims a keyless application. The
// finding is its token.
func (r *run) claimURL(v *view, at int) {
	const path = "dashboard.clerk.com/apps/claim?token="
	i := at
	var written forms
	for k := range len(path) {
		if i >= len(v.text) {
			return
		}
		c, n, form := v.text[i], 1, forms(0)
		if c != path[k] {
			c, n, form = charAt(v.text, i)
		}
		if c != path[k] {
			return
		}
		written |= form
		i += n
	}
	r.claim(v, i, written, MediumConfidence, "whoever opens this address first owns the application; it works once")
}

// claimToken looks at v.text[at:], where the name claimToken stands, for a token as the clerk command keeps it in
// .clerk/keyless.json.
func (r *run) claimToken(v *view, at int) {
	const reach = 300
	behind, places := unescapedAt(v.text[at:min(len(v.text), at+reach)])
	i := len("claimToken")
	j := valueAfter(behind, i, false)
	if j < 0 {
		return
	}
	if !bytes.Contains(behind, []byte("createdAt")) &&
		!bytes.Contains(lineAround(v.text, at, at, reach), []byte("createdAt")) {
		return
	}
	if places != nil {
		j = places[j]
	}
	r.claim(v, at+j, 0, MediumConfidence, "a claim token as the clerk command keeps it: whoever uses it first owns the application")
}

func (r *run) claim(v *view, at int, written forms, c Confidence, reason string) {
	t := &r.tok
	t.read(v.text, at, claimLength+2)
	if !t.ends(claimLength) {
		return
	}
	value := t.text(claimLength)
	for i := range len(value) {
		if !isBase62(value[i]) {
			return
		}
	}
	if !random(value) {
		return
	}
	end := t.end(claimLength)
	written |= t.forms
	s := r.surroundings(v, at, end)
	f := Finding{
		Kind: ClaimURL, Severity: MediumSeverity, Confidence: c, Reasons: []string{reason}, Secret: NewSecret(value),
		Instance: s.instance(Test), Dashboard: s.page(),
	}
	if s.removed {
		f.Confidence = LowConfidence
		f.Reasons = append([]string{becauseRemoved}, f.Reasons...)
	}
	r.finish(v, at, end, f, &s, written)
}
