package signin

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Viewer is who asks for a page.
type Viewer struct {
	ID        int64 // GitHub's
	Login     string
	FormToken string // for forms of this session
	// Outdated is when GitHub last said what the viewer sees, where it cannot be asked now; else zero.
	Outdated time.Time
	Access   Access
}

// Repositories lists the repositories whose leaks the viewer may see, by id in ascending order.
func (v Viewer) Repositories() []int64 {
	ids := make([]int64, 0, len(v.Access))
	for _, r := range v.Access {
		if r.sees() {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// Role is what the viewer may do in a repository; [respond.RoleNone] where they may not see its leaks.
func (v Viewer) Role(repository int64) respond.Role {
	i, found := slices.BinarySearchFunc(v.Access, repository, func(r Repository, id int64) int { return cmp.Compare(r.ID, id) })
	if !found || !v.Access[i].sees() {
		return respond.RoleNone
	}
	return v.Access[i].Role
}

// Access is what a person may do, by repository, in ascending order of ids.
type Access []Repository

// Repository is what a person may do in one repository.
type Repository struct {
	ID      int64
	Private bool
	Role    respond.Role
}

// sees reports whether a person sees the leaks of a repository. Everybody reads public ones: there it takes write access.
func (r Repository) sees() bool {
	if r.Private {
		return r.Role != respond.RoleNone
	}
	return r.Role.CanWrite()
}

// roles by their number in encoded access, weakest first.
var roles = []respond.Role{respond.RoleNone, respond.RoleRead, respond.RoleTriage, respond.RoleWrite, respond.RoleMaintain, respond.RoleAdmin}

const privateBit = 8

var errAccess = errors.New("signin: the recorded access is damaged")

// encode writes access in a few bytes for each repository.
func (a Access) encode() []byte {
	var b []byte
	var last int64
	for _, r := range a {
		b = binary.AppendVarint(b, r.ID-last)
		bits := byte(max(slices.Index(roles, r.Role), 0))
		if r.Private {
			bits |= privateBit
		}
		b, last = append(b, bits), r.ID
	}
	return b
}

func decodeAccess(b []byte) (Access, error) {
	a := make(Access, 0, len(b)/3)
	var id int64
	for len(b) > 0 {
		step, n := binary.Varint(b)
		if n <= 0 || len(b) == n || int(b[n]&^privateBit) >= len(roles) {
			return nil, errAccess
		}
		id += step
		a = append(a, Repository{ID: id, Private: b[n]&privateBit != 0, Role: roles[b[n]&^privateBit]})
		b = b[n+1:]
	}
	return a, nil
}

type viewerKey struct{}

// With returns a context that says who asks.
func With(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// From returns who asks; ok is false outside of [SignIn.Require].
func From(ctx context.Context) (v Viewer, ok bool) {
	v, ok = ctx.Value(viewerKey{}).(Viewer)
	return v, ok
}
