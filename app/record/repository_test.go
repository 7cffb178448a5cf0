package record

import (
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func TestWithVisibility(t *testing.T) {
	t.Parallel()
	for severity, want := range map[detect.Severity]detect.Severity{
		detect.LowSeverity: detect.MediumSeverity, detect.MediumSeverity: detect.HighSeverity,
		detect.HighSeverity: detect.CriticalSeverity, detect.CriticalSeverity: detect.CriticalSeverity,
	} {
		leak := respond.Leak{Severity: severity}
		if got := WithVisibility(leak, respond.Repository{}).Severity; got != want {
			t.Errorf("%s is %s in public, want %s", severity, got, want)
		}
		if got := WithVisibility(leak, respond.Repository{Private: true}).Severity; got != severity {
			t.Errorf("%s is %s in private", severity, got)
		}
	}
}
