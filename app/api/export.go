package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

// format writes leaks one after the other.
type format interface {
	contentType() string
	name() string
	begin() error
	write(Leak) error
	end() error
}

// exportPage is how many leaks are read at a time: whoever reads slowly holds no transaction up.
const exportPage = 250

// export answers with all leaks of a filter, as they are read. An error in the middle ends the connection: a client that checks
// for the end of the answer notices.
func (a *api) export(as func(io.Writer) format) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := a.viewer(w, r)
		if !ok {
			return
		}
		q := &ask{Request: r, sees: v, params: params{values: r.URL.Query()}}
		query := ledger.LeakQuery{
			LeakFilter: leakFilter(&q.params), Order: choice(&q.params, "sort", ledger.ByOpened, ledger.BySeen, ledger.BySeverity, ledger.ByRepository),
			Reverse: q.is("reverse"), Limit: exportPage,
		}
		out, begun := as(w), false
		for {
			var page ledger.LeakPage
			err := a.view(q, func(ctx context.Context, tx Tx) (err error) {
				page, err = tx.Leaks(ctx, v, query)
				return err
			})
			if err != nil && !begun {
				a.fail(w, r, err)
				return
			}
			if err == nil && !begun {
				begun = true
				private(w, out.contentType())
				w.Header().Set("Content-Disposition", `attachment; filename="`+out.name()+`"`)
				err = out.begin()
			}
			for i := 0; i < len(page.Leaks) && err == nil; i++ {
				err = out.write(a.leakOf(page.Leaks[i]))
			}
			if err == nil && page.Next == "" {
				err = out.end()
			}
			if err != nil {
				a.Log.WarnContext(r.Context(), "an export was cut off", "error", err)
				panic(http.ErrAbortHandler)
			}
			if page.Next == "" {
				return
			}
			query.After = page.Next
		}
	}
}

type jsonFormat struct {
	w    io.Writer
	some bool
}

func newJSON(w io.Writer) format { return &jsonFormat{w: w} }

func (*jsonFormat) contentType() string { return "application/json" }
func (*jsonFormat) name() string        { return "leaks.json" }

func (f *jsonFormat) begin() error {
	_, err := io.WriteString(f.w, "[")
	return err
}

func (f *jsonFormat) write(l Leak) error {
	encoded, err := json.Marshal(l)
	if err != nil {
		return err
	}
	between := "\n"
	if f.some {
		between = ",\n"
	}
	f.some = true
	_, err = f.w.Write(append([]byte(between), encoded...))
	return err
}

func (f *jsonFormat) end() error {
	_, err := io.WriteString(f.w, "\n]\n")
	return err
}

type csvFormat struct{ w *csv.Writer }

func newCSV(w io.Writer) format { return &csvFormat{csv.NewWriter(w)} }

func (*csvFormat) contentType() string { return "text/csv; charset=utf-8" }
func (*csvFormat) name() string        { return "leaks.csv" }

func (f *csvFormat) begin() error {
	return f.w.Write([]string{
		"id", "repository", "state", "description", "environment", "severity", "confidence", "redacted", "fingerprint", "instance", "variable", "path",
		"places", "in_default_branch", "pusher", "introduced_at", "opened_at", "seen_at", "responded_at", "closed_at", "closed_by", "reason",
		"clerk_verdict", "issue_url", "approved_by", "until", "snoozed_until",
	})
}

func (f *csvFormat) write(l Leak) error {
	verdict, issue := "", ""
	if l.Clerk != nil {
		verdict = l.Clerk.Verdict
	}
	if l.Issue != nil {
		issue = l.Issue.URL
	}
	row := []string{
		strconv.FormatInt(l.ID, 10), l.Repository.FullName, l.State, l.Description, l.Environment, l.Severity, l.Confidence, l.Redacted, l.Fingerprint,
		l.Instance, l.Variable, l.Path, strconv.Itoa(l.Places), strconv.FormatBool(l.InDefaultBranch), l.Pusher, stamp(l.Introduced), stamp(l.Opened),
		stamp(l.Seen), stamp(l.Responded), stamp(l.Closed), l.ClosedBy, l.Reason, verdict, issue, l.ApprovedBy, stamp(l.Until), stamp(l.Snoozed),
	}
	for i := range row {
		row[i] = harmless(row[i])
	}
	return f.w.Write(row)
}

func (f *csvFormat) end() error {
	f.w.Flush()
	return f.w.Error()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// harmless is a cell that no spreadsheet takes for a formula, whoever chose its text.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
