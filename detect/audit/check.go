package audit

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// Tier says when a check is made.
type Tier int

// The tiers. What the first has found is a mistake; what the second has found is a question for a reviewer.
const (
	Default Tier = 1 // always
	All     Tier = 2 // only where the policy asks for all: audit.level
)

// Check is all that is known of one mistake.
type Check struct {
	ID         string // "C3", or the number of an advisory
	Title      string // what is wrong, as a heading
	Severity   detect.Severity
	Tier       Tier
	Frameworks []string   // in which it occurs, by the names that people use; empty: in any
	Fix        string     // what to do, in one or two sentences
	Link       string     // where Clerk says so
	Exposes    bool       // whether it may have given the secret key away, which then is to be rotated
	Why        string     // what happens otherwise, for the check's page: Markdown
	Versions   []Versions // with the mistake, where packages have it
	// Before has the mistake and After doesn't: examples for the check's page, which are tested.
	Before, After []Example

	// wants reports whether the check reads a file of that name.
	wants func(path string) bool
	// find returns what it has found, in any order. It reads files by the project alone.
	find func(*project) []Finding
}

// Versions are versions of a package: from one on, "" for the first, and below another one.
type Versions struct{ Package, From, Below string }

// Example is a file of an example.
type Example struct{ Path, Text string }

// Lookup returns the check of that ID.
func Lookup(id string) (Check, bool) {
	for _, c := range Checks() {
		if c.ID == id {
			return c, true
		}
	}
	return Check{}, false
}

// compareIDs orders C2 before C10, and both before advisories.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(number(a), number(b)), cmp.Compare(a, b))
}

// number is what follows the C of a check's ID. Other IDs come last.
func number(id string) int {
	if digits, ok := strings.CutPrefix(id, "C"); ok {
		if n, err := strconv.Atoi(digits); err == nil {
			return n
		}
	}
	return int(^uint(0) >> 1)
}
