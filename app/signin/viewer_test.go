package signin

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/respond"
)

// TestAccessIsKept: what is recorded of access is read back, and what is damaged is an error.
func TestAccessIsKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.Int64Range(1, 1<<62), func(id int64) int64 { return id }).Draw(t, "ids")
		slices.Sort(ids)
		var a Access
		for _, id := range ids {
			a = append(a, Repository{ID: id, Private: rapid.Bool().Draw(t, "private"), Role: rapid.SampledFrom(roles).Draw(t, "role")})
		}
		got, err := decodeAccess(a.encode())
		if err != nil || !slices.Equal(got, a) {
			t.Fatalf("%v became %v, %v", a, got, err)
		}
		if len(a) > 0 {
			if _, err := decodeAccess(a.encode()[:len(a.encode())-1]); err == nil {
				t.Fatal("half of it is taken")
			}
		}
	})
}

// TestWhoSees: everybody reads public repositories, so seeing their leaks takes write access.
func TestWhoSees(t *testing.T) {
	t.Parallel()
	v := Viewer{}
	for i, role := range roles {
		v.Access = append(v.Access, Repository{ID: int64(10 + i), Private: true, Role: role}, Repository{ID: int64(20 + i), Role: role})
	}
	slices.SortFunc(v.Access, func(a, b Repository) int { return int(a.ID - b.ID) })
	if got := v.Repositories(); !slices.Equal(got, []int64{11, 12, 13, 14, 15, 23, 24, 25}) {
		t.Errorf("the viewer sees %v", got)
	}
	for id, want := range map[int64]respond.Role{11: respond.RoleRead, 15: respond.RoleAdmin, 22: respond.RoleNone, 23: respond.RoleWrite, 99: respond.RoleNone} {
		if got := v.Role(id); got != want {
			t.Errorf("the viewer's role in %d is %s, not %s", id, got, want)
		}
	}
}
