package audit_test

import (
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
)

func TestWhatLaterVersionsFixed(t *testing.T) {
	t.Parallel()
	in := func(name, version string) map[string]string {
		fixed := map[string]string{}
		last := detect.CriticalSeverity
		for _, f := range audit.FixedSince(name, version) {
			if _, ok := audit.Lookup(f.ID); !ok || f.Title == "" || f.Severity == "" {
				t.Errorf("%s %s: %+v is of no check", name, version, f)
			}
			if last.Compare(f.Severity) > 0 {
				t.Errorf("%s %s: %s comes after what is %s", name, version, f.ID, last)
			}
			fixed[f.ID], last = f.In, f.Severity
		}
		return fixed
	}
	const matcher = "GHSA-vqx2-fgx2-5wq9"
	for version, want := range map[string]string{"6.39.1": "6.39.2", "6.39.2": "", "7.2.0": "7.2.1", "7.2.1": "", "^7.2.0": "", "": ""} {
		if got := in("@clerk/nextjs", version)[matcher]; got != want {
			t.Errorf("@clerk/nextjs %s: fixed in %q, want %q", version, got, want)
		}
	}
	if got := in("@clerk/nextjs", "7.4.3")["C32"]; got != "7.5.0" {
		t.Errorf("debug logs without tokens: since %q", got)
	}
	if got := in("left-pad", "1.0.0"); len(got) > 0 {
		t.Errorf("of another package: %v", got)
	}
}
