package respond

import "time"

// Installation is an App installation.
type Installation struct {
	ID        int64
	AccountID int64
	Account   string // login
	Suspended bool
}

// Repository is a repository that an installation reaches. It is known by its ID; names change.
type Repository struct {
	ID            int64
	Installation  int64
	Owner, Name   string
	DefaultBranch string
	Private       bool
	Archived      bool
	Backfilled    time.Time // when its history had been read whole; zero: not yet
	AsOf          time.Time // when what is known of it was so
	URL           string    // its web page: https://github.com/owner/name; not kept in the ledger
}

// FullName returns owner/name.
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

// Tip is what a ref pointed to when it was last read. Tips serve as haves.
type Tip struct {
	Ref  string
	SHA  string
	Seen time.Time
}
