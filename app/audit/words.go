package audit

import (
	"context"
	"slices"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
)

// findings are what an audit has found, as it is kept. Nothing in them is a credential.
func (a *auditing) findings(ctx context.Context, found []audit.Finding) []respond.AuditFinding {
	list := make([]respond.AuditFinding, 0, len(found))
	for _, f := range found {
		list = append(list, respond.AuditFinding{
			Check: f.ID, Severity: f.Severity, Path: a.Scanner.RedactString(ctx, f.Path), Line: f.Range.Line, EndLine: f.Range.EndLine,
			Seen: a.Scanner.RedactString(ctx, f.Seen), Fix: a.Scanner.RedactString(ctx, f.Fix),
		})
	}
	return list
}

func (a *auditing) packages(ctx context.Context, found []audit.Package) []respond.AuditPackage {
	var list []respond.AuditPackage
	for _, p := range found {
		list = append(list, respond.AuditPackage{
			Name: a.Scanner.RedactString(ctx, p.Name), Version: a.Scanner.RedactString(ctx, p.Version), Locked: p.Locked, Root: a.Scanner.RedactString(ctx, p.Root),
		})
	}
	return list
}

// maxGaps is how many gaps are named.
const maxGaps = 100

// gaps names those of the files that were not read, and those that were not audited in whole.
func (a *auditing) gaps(ctx context.Context, of *snapshot, names []string, notes []audit.Note) []string {
	var list []string
	for _, name := range names {
		if blob := of.blobs[name]; blob != "" && a.shelf.refused[blob] {
			list = append(list, name+": over a limit of what is read")
		}
	}
	for _, n := range notes {
		if slices.Contains(names, n.Path) {
			list = append(list, n.Path+": "+n.What)
		}
	}
	if !of.whole {
		list = append(list, "the commit has more files than are listed")
	}
	for i := range list {
		list[i] = a.Scanner.RedactString(ctx, list[i])
	}
	return list[:min(len(list), maxGaps)]
}
