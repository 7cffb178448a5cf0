package checks_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/checks"
)

// TestDescribed: every check has a title, a fix and a page that exists; what is not known keeps its ID.
func TestDescribed(t *testing.T) {
	t.Parallel()
	for _, c := range audit.Checks() {
		f := checks.Described([]respond.AuditFinding{{Check: c.ID}})[0]
		if f.Title != c.Title || f.Fix != c.Fix {
			t.Errorf("%s: %+v", c.ID, f)
		}
		if _, err := os.Stat("../../docs/checks/" + f.Page[strings.LastIndexByte(f.Page, '/')+1:]); err != nil {
			t.Errorf("%s: %v", c.ID, err)
		}
	}
	given := []respond.AuditFinding{{Check: "C999", Fix: "Do this."}}
	if f := checks.Described(given)[0]; f.Title != "C999" || f.Fix != "Do this." || given[0].Title != "" {
		t.Errorf("%+v", f)
	}
}

// TestAdvisory: the one that opens leaks says which versions give the key away.
func TestAdvisory(t *testing.T) {
	t.Parallel()
	if a := checks.Advisory("GHSA-gjxx-92w9-8v8f"); a.Title == "" || a.Link == "" || a.Fix == "" || a.Why == "" || len(a.Versions) < 4 || a.Versions[0].Below == "" {
		t.Errorf("%+v", a)
	}
	if a := checks.Advisory("nothing"); a.Title != "" || len(a.Versions) > 0 {
		t.Errorf("%+v", a)
	}
}
