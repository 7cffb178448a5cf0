package detect

import "strings"

// webhookBody is the length of the base64 of 24 bytes behind whsec_.
const webhookBody = 32

// becauseNeedsPath marks a finding that is one only if its path says so.
const becauseNeedsPath = "a webhook secret, but nothing near says whose: the path must tell"

// webhookSecret looks at v.text[at:] for a webhook signing secret. Others use the same shape, Stripe among them: only
// names tell whose it is.
func (r *run) webhookSecret(v *view, at int) {
	const prefix = len("whsec_")
	t := &r.tok
	t.read(v.text, at, prefix+webhookBody+2)
	if !t.has(0, "whsec_") || !t.ends(prefix+webhookBody) || !startsFresh(v.text, at) {
		return
	}
	value := t.text(prefix + webhookBody)
	body := value[prefix:]
	if strings.ContainsAny(body, "-_=") || isHex(body) || !hasClasses(body) || !secretLooking(body, 3.7) {
		return
	}
	end, written := t.end(prefix+webhookBody), t.forms
	s := r.surroundings(v, at, end)
	f := Finding{Kind: WebhookSecret, Severity: HighSeverity, Confidence: HighConfidence, Secret: NewSecret(value)}
	clerk := namesClerk(s.variable)
	switch {
	case !clerk && vendorIn(s.variable, webhookVendors[:]...) != "":
		return
	case !clerk && strings.Contains(strings.ToLower(s.line), "stripe"):
		return
	case clerk:
		f.Reasons = []string{"assigned to " + s.variable}
	case namesClerk(s.line):
		f.Reasons = []string{"the line speaks of Clerk"}
	case namesClerk(s.near):
		f.Reasons = []string{"the lines around speak of Clerk"}
	case strings.Contains(strings.ToLower(s.near), "stripe"):
		return
	default:
		f.Confidence = LowConfidence
		f.Reasons = []string{becauseNeedsPath}
	}
	if s.removed && f.Reasons[0] != becauseNeedsPath {
		f.Confidence = LowConfidence
		f.Reasons = append([]string{becauseRemoved}, f.Reasons...)
	}
	r.finish(v, at, end, f, &s, written)
}
