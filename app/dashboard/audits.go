package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/markdown"
)

// checkPages is where the pages of checks are.
const checkPages = "https://github.com/rekey-app/rekey/blob/main/docs/checks/"

type auditRow struct {
	ledger.AuditRow
	URL, Commit string
	Found       []auditFound
	More        int // findings that are not shown
}

type auditFound struct {
	respond.AuditFinding
	URL string
}

// packageRow is a version of a package in use, and what later ones have fixed.
type packageRow struct {
	ledger.PackageUse
	Fixed []fixedRow
}

type fixedRow struct {
	audit.Fixed
	URL string
}

type auditsPage struct {
	Now          time.Time
	Search, Only string
	Choices      []choice
	Hidden       url.Values
	Filtered     bool
	Package      string // and its version, by which the list is filtered
	Columns      []column
	Rows         []auditRow
	Total        int
	Next         string
	Packages     []packageRow
	Development  int // repositories where production uses a development instance
}

// Why is the page about that.
func (auditsPage) Why() string { return checkPages + "C21.md" }

// maxShown is how many findings of a repository the page names.
const maxShown = 5

func (d *Dashboard) audits(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	values := r.URL.Query()
	query := ledger.AuditQuery{
		Search: values.Get("search"), Package: values.Get("package"), Version: values.Get("version"), Order: ledger.AuditOrder(values.Get("sort")),
		Reverse: values.Get("reverse") == "true", After: values.Get("after"), Limit: leaksPerPage,
	}
	switch query.Order {
	case ledger.AuditsByWorst, ledger.AuditsByName, ledger.AuditsByTime:
	default:
		query.Order = ledger.AuditsByWorst
	}
	p := auditsPage{Now: d.Now(), Search: query.Search, Only: values.Get("only"), Hidden: url.Values{}, Package: strings.TrimSpace(query.Package + " " + query.Version)}
	switch p.Only {
	case "findings":
		query.WithFindings = true
	case "gaps":
		query.WithGaps = true
	case "development":
		query.Development = true
	default:
		p.Only = ""
	}
	for _, c := range []choice{{Value: "", Text: "All that use Clerk"}, {Value: "findings", Text: "With findings"}, {Value: "gaps", Text: "With files not read"}, {Value: "development", Text: "With development keys in production"}} {
		c.Chosen = c.Value == p.Only
		p.Choices = append(p.Choices, c)
	}
	p.Filtered = p.Search != "" || p.Only != "" || query.Package != ""
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		list, err := tx.AuditList(ctx, visible, query)
		if err != nil {
			return err
		}
		p.Total, p.Next = list.Total, pageAfter(values, "/audits", list.Next)
		p.Rows = nil
		for _, row := range list.Audits {
			p.Rows = append(p.Rows, d.auditRow(row))
		}
		if query.After != "" {
			return nil
		}
		if p.Development, err = tx.DevelopmentInProduction(ctx, visible); err != nil {
			return err
		}
		packages, err := tx.AuditPackages(ctx, visible)
		p.Packages = packageRows(packages)
		return err
	})
	if !ok {
		return
	}
	for _, name := range []string{"sort", "reverse", "package", "version"} {
		if v := values.Get(name); v != "" {
			p.Hidden.Set(name, v)
		}
	}
	for _, c := range []struct {
		text  string
		order ledger.AuditOrder
	}{{"Repository", ledger.AuditsByName}, {"Findings", ledger.AuditsByWorst}, {"Audited", ledger.AuditsByTime}} {
		p.Columns = append(p.Columns, sortable(values, c.text, string(c.order), string(query.Order), query.Reverse, c.order == ledger.AuditsByName, "/audits"))
	}
	d.show(w, r, "audits", d.page(r, "Clerk configuration", "/audits", p))
}

func (d *Dashboard) auditRow(row ledger.AuditRow) auditRow {
	out := auditRow{AuditRow: row, URL: d.GitHubURL + "/" + row.Repository.FullName()}
	out.Commit = out.URL + "/commit/" + row.Head
	for _, f := range row.Findings[:min(len(row.Findings), maxShown)] {
		check, _ := audit.Lookup(f.Check)
		if f.Title = check.Title; f.Title == "" {
			f.Title = f.Check
		}
		f.Page = checkPages + f.Check + ".md"
		out.Found = append(out.Found, auditFound{f, markdown.Permalink(out.URL, row.Head, f.Path, f.Line, f.EndLine)})
	}
	out.More = row.Counts.Total() - len(out.Found)
	return out
}

// packageRows says of each version what later ones have fixed. Of a range that no lockfile decides nothing is known.
func packageRows(packages []ledger.PackageUse) (rows []packageRow) {
	for _, p := range packages {
		row := packageRow{PackageUse: p}
		if p.Locked {
			for _, f := range audit.FixedSince(p.Name, p.Version) {
				row.Fixed = append(row.Fixed, fixedRow{f, checkPages + f.ID + ".md"})
			}
		}
		rows = append(rows, row)
	}
	return rows
}
