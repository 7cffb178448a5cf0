package ledger

import "errors"

// Operation is what a transaction does.
type Operation string

// The operations.
const (
	Read  Operation = "read"
	Write Operation = "write"
)

// Operations are all operations.
func Operations() []Operation { return []Operation{Read, Write} }

// Reason is why the database failed a transaction.
type Reason string

// The reasons.
const (
	ReasonFull        Reason = "full"        // there is no space
	ReasonConflict    Reason = "conflict"    // another transaction was in the way; it is tried again
	ReasonUnavailable Reason = "unavailable" // it did not answer in time, or could not be reached
	ReasonOther       Reason = "other"
)

// Reasons are all reasons.
func Reasons() []Reason { return []Reason{ReasonFull, ReasonConflict, ReasonUnavailable, ReasonOther} }

// report tells of an error that is the database's; what the caller of a transaction finds wrong is none.
func (s *Store) report(operation Operation, err error) {
	if err == nil || s.onError == nil {
		return
	}
	if reason := reasonOf(err); reason != "" {
		s.onError(operation, reason)
	}
}

// reasonOf returns "" for what is no error of the database's.
func reasonOf(err error) Reason {
	_, sqlite := sqliteCode(err)
	switch {
	case errors.Is(err, ErrFull):
		return ReasonFull
	case sqliteBusy(err) || pgConflict(err):
		return ReasonConflict
	case errors.Is(err, ErrUnavailable):
		return ReasonUnavailable
	case errors.Is(err, ErrNotFound):
		return ""
	case sqlite || pgCode(err) != "":
		return ReasonOther
	}
	return ""
}
