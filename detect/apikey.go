package detect

import "strings"

const (
	// resourceID is the length of an id such as ak_ and 32 hexadecimal digits behind its prefix.
	resourceID = 32
	// shortestBody is the least length of the secret behind ak_. Clerk documents none.
	shortestBody = 20
)

// akKey looks at v.text[at:] for a machine's secret key, a Platform API key, or the secret of an end user's API key. All
// start with ak_; only names tell them apart. That is all that is measured: length, alphabet and entropy are assumed, from two
// examples (32 characters, and the base64 of 32 bytes). What Clerk names is taken with less entropy than what it does not,
// since the alphabet may be a small one.
func (r *run) akKey(v *view, at int) {
	t := &r.tok
	t.read(v.text, at, maxToken)
	size := sizeOf(v.text, at, 3+shortestBody, t.n)
	if !t.has("ak_") || size == 0 && !startsFresh(v.text, at) {
		return
	}
	n := t.n
	if size > 0 && t.end(size)-at == size {
		n = size
	}
	for i := range t.nseams {
		if t.seams[i].how == adjacentSeam && t.seams[i].before > 3 {
			n = min(n, t.seams[i].before)
		}
	}
	if n == maxToken || n < 3+shortestBody || v.truncated && t.end(n) == len(v.text) {
		return
	}
	body := string(t.chars[3:n])
	if !r.wants(v, t.text(n)) {
		return
	}
	if strings.HasPrefix(body, "live_") || strings.HasPrefix(body, "test_") || !secretLooking(body, 3) {
		return
	}
	end, written := t.end(n), t.forms
	value := t.text(n)
	s := r.surroundingsOf(v, at, end)
	name := plainName(s.variable)
	f := Finding{Secret: NewSecret(value), Reasons: s.forClerk()}
	clerk := namesClerk(s.variable)
	switch {
	case s.otherVendor() != "":
		return
	case strings.Contains(name, "machine"):
		f.Kind, f.Severity, f.Confidence = MachineSecretKey, HighSeverity, MediumConfidence
	case strings.Contains(name, "platform"):
		f.Kind, f.Severity, f.Confidence = PlatformAPIKey, CriticalSeverity, HighConfidence
	case clerk:
		f.Kind, f.Severity, f.Confidence = APIKey, MediumSeverity, MediumConfidence
	case strings.Contains(body, "_") || !hasClasses(body) || !generated(body) || entropy(body) < 3.5:
		return // without a name it must look like nothing else
	default:
		f.Kind, f.Severity, f.Confidence = APIKey, MediumSeverity, LowConfidence
	}
	if len(f.Reasons) == 0 {
		return
	}
	if len(body) == resourceID && isHex(body) && !(clerk && strings.Contains(name, "secret")) {
		return
	}
	if !clerk && f.Kind != APIKey {
		f.Reasons = f.Reasons.after(Reason{AssignedTo, s.variable})
		f.Confidence = MediumConfidence
	}
	if s.removed {
		f.Confidence = LowConfidence
		f.Reasons = f.Reasons.after(Reason{Code: RemovedLine})
	}
	r.finish(v, at, end, f, &s, written)
}

// plainName returns the letters and digits of a name, in lower case.
func plainName(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		if isBase62(name[i]) {
			b = append(b, name[i])
		}
	}
	return strings.ToLower(string(b))
}

func isHex(s string) bool {
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}
