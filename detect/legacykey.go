package detect

import "strings"

// legacyLength is that of a legacy key's body: 34 of base62 is measured, at three keys. The lengths beside it are assumed.
const (
	legacyLength   = 34
	shortestLegacy = 30
	longestLegacy  = 40
)

// legacyKey is for the keys of before 2023: live_ or test_ without sk_.
var legacyKey = named{
	kind:     LegacyAPIKey,
	suffixes: []string{"apikey", "secretkey"},

	plausible: func(w tokenWalk) bool {
		var b [len("live_")]byte
		return w.take(b[:]) == len(b) && (string(b[:]) == "live_" || string(b[:]) == "test_") && w.holds(shortestLegacy)
	},
	genuine: func(m *match) bool {
		switch {
		case strings.HasPrefix(m.value, "live_"):
			m.env = Live
		case strings.HasPrefix(m.value, "test_"):
			m.env = Test
		default:
			return false
		}
		body := m.value[len("live_"):]
		return len(body) >= shortestLegacy && len(body) <= longestLegacy && isAlphanumeric(body) && hasClasses(body) && secretLooking(body, 3.8)
	},
	confidence: func(_, value string) Confidence {
		if len(value) != len("live_")+legacyLength {
			return LowConfidence
		}
		return MediumConfidence
	},
}
