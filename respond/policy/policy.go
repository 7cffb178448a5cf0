package policy

import (
	"slices"
	"strings"
)

// Accepts reports whether a repository with this file takes issues about another one.
func (f File) Accepts(owner, name string) bool {
	return slices.ContainsFunc(f.IssuesAccepts, func(a string) bool {
		return strings.EqualFold(a, owner+"/*") || strings.EqualFold(a, owner+"/"+name)
	})
}
