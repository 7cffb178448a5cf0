package respond

// Role is what a person may do in a repository, as GitHub calls it.
type Role string

// The roles, from the most to the least.
const (
	RoleAdmin    Role = "admin"
	RoleMaintain Role = "maintain"
	RoleWrite    Role = "write"
	RoleTriage   Role = "triage"
	RoleRead     Role = "read"
	RoleNone     Role = "none"
)

// Maintains reports whether the role is maintain or admin.
func (r Role) Maintains() bool { return r == RoleAdmin || r == RoleMaintain }

// CanWrite reports whether the role is write or more.
func (r Role) CanWrite() bool { return r.Maintains() || r == RoleWrite }
