package detect

import (
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

const (
	// resourceID is the length of an id such as ak_ and 32 hexadecimal digits behind its prefix.
	resourceID = 32
	// shortestBody is the least length of the secret behind ak_. Clerk documents none.
	shortestBody = 20
)

// akRule is for a machine's secret key, a Platform API key, and the secret of an end user's API key. All start with ak_; only
// names tell them apart. That is all that is measured: length, alphabet and entropy are assumed, from two examples (32
// characters, and the base64 of 32 bytes). What Clerk names is taken with less entropy than what it does not, since the alphabet may
// be a small one.
var akRule = rule{
	anchors: []string{"ak_"},
	words:   []string{"ak"},
	starts:  []string{"ak_"},
	steps:   400,

	plausible: func(text []byte, at int) bool { return !isPagarme(text[at:]) && begins(text, at, "ak_", shortestBody) },
	find:      findAk,
	genuine:   func(m *match) bool { return secretLooking(m.value[3:], 3) },
	judge:     judgeAk,

	shown:  []string{"ak_"},
	masked: []string{"ak_"},
}

// isPagarme reports whether s starts as Pagar.me's keys do.
func isPagarme[T string | []byte](s T) bool {
	const length = len("ak_live_")
	return len(s) >= length && (string(s[:length]) == "ak_live_" || string(s[:length]) == "ak_test_")
}

func findAk(t *token, v *view, at int) (match, bool) {
	t.read(v.text, at, maxToken)
	size := sizeOf(v.text, at, 3+shortestBody, t.n)
	if !t.has("ak_") || size == 0 && !startsFresh(v.text, at) {
		return match{}, false
	}
	n := t.n
	if size > 0 && t.end(size)-at == size {
		n = size
	}
	n = min(n, t.whole(3))
	if n == maxToken || n < 3+shortestBody || v.truncated && t.end(n) == len(v.text) {
		return match{}, false
	}
	m := t.match(n)
	return m, !isPagarme(m.value)
}

func judgeAk(_ *run, m *match, s *surroundings) (Finding, bool) {
	name, clerk, body := plainName(s.variable), namesClerk(s.variable), m.value[3:]
	f := Finding{Reasons: s.forClerk()}
	switch {
	case s.isOthers():
		return f, false
	case strings.Contains(name, "machine"):
		f.Kind, f.Severity, f.Confidence = MachineSecretKey, HighSeverity, MediumConfidence
	case strings.Contains(name, "platform"):
		f.Kind, f.Severity, f.Confidence = PlatformAPIKey, CriticalSeverity, HighConfidence
	case clerk:
		f.Kind, f.Severity, f.Confidence = APIKey, MediumSeverity, MediumConfidence
	case strings.Contains(body, "_") || !hasClasses(body) || !generated(body) || entropy(body) < 3.5:
		return f, false // without a name it must look like nothing else
	default:
		f.Kind, f.Severity, f.Confidence = APIKey, MediumSeverity, LowConfidence
	}
	if len(f.Reasons) == 0 || len(body) == resourceID && all(body, encoding.IsHexDigit) && !(clerk && strings.Contains(name, "secret")) {
		return f, false
	}
	if !clerk && f.Kind != APIKey {
		f.Reasons = f.Reasons.after(Reason{AssignedTo, s.variable})
		f.Confidence = MediumConfidence
	}
	return f, true
}
