// Package checks brings what the checks of an audit say of themselves to the texts about findings, which know no check.
package checks

import (
	"cmp"
	"slices"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/text"
)

// pages is where the pages of checks are.
const pages = "https://github.com/rekey-app/rekey/blob/main/docs/checks/"

// Described are findings with what the checks themselves say.
func Described(findings []respond.AuditFinding) []respond.AuditFinding {
	list := slices.Clone(findings)
	for i := range list {
		f := &list[i]
		check, _ := audit.Lookup(f.Check)
		f.Title, f.Fix, f.Page = cmp.Or(check.Title, f.Check), cmp.Or(f.Fix, check.Fix), pages+f.Check+".md"
	}
	return list
}

// Advisory returns what is known of an advisory, by its ID. Of an unknown one that is nothing.
func Advisory(id string) text.Advisory {
	check, _ := audit.Lookup(id)
	a := text.Advisory{Title: check.Title, Link: check.Link, Fix: check.Fix, Why: check.Why}
	for _, v := range check.Versions {
		a.Versions = append(a.Versions, text.Versions(v))
	}
	return a
}
