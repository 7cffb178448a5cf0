package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/respond"
)

// TestApprovalNeedsNoLock: what one file demands of those who close production keys, none after it takes back, locked or not.
func TestApprovalNeedsNoLock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := threeFiles(t)
		for i := range files {
			if before, after := Merge(files[:i+1]...).Ignore.Approval, Merge(files...).Ignore.Approval; before.Required() && before != after {
				t.Fatalf("%s becomes %s", before, after)
			}
		}
	})
	second, none := respond.ApprovalSecondPerson, respond.ApprovalNone
	p := Merge(File{Source: "acme/.github", IgnoreApproval: &second}, File{Source: respond.SourceRepository, IgnoreApproval: &none})
	want := []respond.IgnoredSetting{{Setting: "ignore.approval", Value: "none", From: respond.SourceRepository, By: "acme/.github"}}
	if diff := cmp.Diff(want, p.Ignored); diff != "" || p.Origins["ignore.approval"] != "acme/.github" {
		t.Errorf("what is said in vain: %s, decided by %s", diff, p.Origins["ignore.approval"])
	}
}
