package respond_test

import (
	"testing"

	"github.com/rekey-app/rekey/respond"
)

func TestCanPush(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		association string
		role        respond.Role
		want        bool
	}{
		{"OWNER", "", true},
		{"MEMBER", "", false},
		{"COLLABORATOR", "", false},
		{"CONTRIBUTOR", "", false},
		{"", "", false},
		{"MEMBER", "write", true},
		{"MEMBER", "read", false},
		{"MEMBER", "triage", false},
		{"COLLABORATOR", "maintain", true},
		{"CONTRIBUTOR", "admin", true}, // a member who hides the membership
		{"NONE", "none", false},
		{"OWNER", "read", false},
		{"NONE", "superuser", false},
	} {
		if got := respond.CanPush(c.association, c.role); got != c.want {
			t.Errorf("CanPush(%q, %q) = %t", c.association, c.role, got)
		}
	}
}
