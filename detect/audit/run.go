package audit

import (
	"cmp"
	"context"
	"slices"
)

// Options narrow an audit.
type Options struct {
	// Level is the last tier that is made: 0 means [Default].
	Level Tier
	// Focus, where not nil, lists the paths whose findings are wanted. Other files are read only where a finding in one of these hangs on
	// them.
	Focus []string
	// Also lists IDs of checks that are made whatever their tier.
	Also []string
}

// Result is what an audit says, in a stable order.
type Result struct {
	Findings []Finding
	Packages []Package // those that matter to a check, by workspace and name
	Allowed  []Allowed
	Notes    []Note
}

// Allowed is a finding that a comment of the repository accepts.
type Allowed struct {
	Finding Finding
	Line    int // of the comment
	Reason  string
}

// Note says why a file, or a part of it, was not audited.
type Note struct {
	Path string
	What string // without a full stop: "syntax error in line 3"
}

// Run audits a tree. It returns what it has found so far where the context ends, and the context's error.
func Run(ctx context.Context, tree Tree, options Options) (Result, error) {
	p := newProject(func() bool { return ctx.Err() != nil }, tree, options.Focus)
	level := cmp.Or(options.Level, Default)
	var result Result
	var found []Finding
	for _, check := range checks() {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		if check.Tier > level && !slices.Contains(options.Also, check.ID) {
			continue
		}
		for _, f := range check.find(p) {
			f.ID, f.Severity, f.Fix = check.ID, cmp.Or(f.Severity, check.Severity), cmp.Or(f.Fix, check.Fix)
			if p.focused(f.Path) {
				found = append(found, f)
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return result, err
	}
	slices.SortFunc(found, compareFindings)
	for _, f := range slices.CompactFunc(found, func(a, b Finding) bool { return compareFindings(a, b) == 0 }) {
		if allowed, ok := p.allowed(f); ok {
			result.Allowed = append(result.Allowed, allowed)
		} else {
			result.Findings = append(result.Findings, f)
		}
	}
	result.Packages, result.Notes = p.packages(), p.sortedNotes()
	return result, nil
}

// Wanted reports whether an audit reads files of that name. It is decided by the name alone, so that a caller can ask before it has
// the file.
func Wanted(path string) bool {
	return slices.ContainsFunc(checks(), func(c Check) bool { return c.wants(path) }) || wantedAlways(path)
}
