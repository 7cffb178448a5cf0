package config

import (
	"fmt"
	"strings"
)

// Role is which part of the server a process is.
type Role string

// The roles.
const (
	All    Role = "all"
	Web    Role = "web"    // takes deliveries, and asks GitHub nothing: it needs the webhook secret, and no private key
	Worker Role = "worker" // does what deliveries ask for, and takes none: it needs the private key, and no webhook secret
)

// Takes reports whether a process takes deliveries.
func (r Role) Takes() bool { return r != Worker }

// Works reports whether a process does jobs.
func (r Role) Works() bool { return r != Web }

func role(s string) (Role, error) {
	switch r := Role(s); r {
	case "":
		return All, nil
	case All, Web, Worker:
		return r, nil
	}
	return All, &Error{"REKEY_ROLE", fmt.Sprintf("is %q", s), "use web, worker or all"}
}

// fits is an error where the processes of a role cannot share the database.
func (r Role) fits(databaseURL string) error {
	if r == All || databaseURL == "" || strings.Contains(databaseURL, "://") {
		return nil
	}
	return &Error{
		"REKEY_ROLE", fmt.Sprintf("is %s, and the database is SQLite, which one process uses at a time", r),
		"set REKEY_DATABASE_URL to postgres://… for all processes, or unset REKEY_ROLE to do everything in one",
	}
}
