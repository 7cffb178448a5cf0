package respond

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Severity returns how much harm a leak does where it is: in a public repository, which strangers search for keys within
// minutes, one step more than the credential by itself.
func Severity(l ledger.Leak, private bool) detect.Severity {
	own := detect.Severity(l.Severity)
	if private {
		return own
	}
	switch own {
	case detect.LowSeverity:
		return detect.MediumSeverity
	case detect.MediumSeverity:
		return detect.HighSeverity
	}
	return detect.CriticalSeverity
}
