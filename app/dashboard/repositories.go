package dashboard

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

type repositoryRow struct {
	ledger.RepositoryRow
	URL      string
	MayWrite bool
	History  string // in words
	Tone     string
	Share    int // of a history that is being read, in percent
}

type repositoriesPage struct {
	Now          time.Time
	Search, Only string
	Choices      []choice
	Hidden       url.Values
	Filtered     bool
	Columns      []column
	Rows         []repositoryRow
	Total        int
	Next         string
}

func (d *Dashboard) repositories(w http.ResponseWriter, r *http.Request) {
	v, visible := reader(r)
	values := r.URL.Query()
	query := ledger.RepositoryQuery{
		Search: values.Get("search"), Order: ledger.RepositoryOrder(values.Get("sort")), Reverse: values.Get("reverse") == "true", After: values.Get("after"), Limit: leaksPerPage,
	}
	switch query.Order {
	case ledger.RepositoriesByName, ledger.RepositoriesByRead, ledger.RepositoriesByLeaks:
	default:
		query.Order = ledger.RepositoriesByLeaks
	}
	p := repositoriesPage{Now: d.Now(), Search: query.Search, Only: values.Get("only"), Hidden: url.Values{}}
	switch p.Only {
	case "leaks":
		query.WithLeaks = true
	case "unread":
		query.History = []ledger.HistoryState{ledger.HistoryReading, ledger.HistoryWaiting, ledger.HistoryGivenUp}
	case "gaps":
		query.WithGaps = true
	case "stale":
		query.ReadBefore = d.Now().Add(-staleAfter)
	default:
		p.Only = ""
	}
	for _, c := range []choice{{Value: "", Text: "All"}, {Value: "leaks", Text: "With open leaks"}, {Value: "unread", Text: "History not read yet"}, {Value: "gaps", Text: "With parts not read"}, {Value: "stale", Text: "Not looked at for a week"}} {
		c.Chosen = c.Value == p.Only
		p.Choices = append(p.Choices, c)
	}
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		list, err := tx.RepositoryList(ctx, visible, query)
		if err != nil {
			return err
		}
		p.Total, p.Next = list.Total, pageAfter(values, "/repositories", list.Next)
		p.Rows = nil
		for _, row := range list.Repositories {
			p.Rows = append(p.Rows, d.repositoryRow(row, v.Role(row.Repository.ID).CanWrite()))
		}
		return nil
	})
	if !ok {
		return
	}
	for _, name := range []string{"sort", "reverse"} {
		if v := values.Get(name); v != "" {
			p.Hidden.Set(name, v)
		}
	}
	p.Filtered = p.Search != "" || p.Only != ""
	for _, c := range []struct {
		text   string
		order  ledger.RepositoryOrder
		number bool
	}{{"Repository", ledger.RepositoriesByName, false}, {"Open leaks", ledger.RepositoriesByLeaks, true}, {"History", "", false}, {"Last read", ledger.RepositoriesByRead, false}} {
		head := sortable(values, c.text, string(c.order), string(query.Order), query.Reverse, c.order != ledger.RepositoriesByLeaks, "/repositories")
		head.Number = c.number
		p.Columns = append(p.Columns, head)
	}
	page := d.page(r, "Repositories", "/repositories", p)
	if values.Get("done") == "scan" {
		page.Notices = append(page.Notices, web.Notice{Tone: web.Good, Text: "The whole history is scanned again, behind what waits already. The column History says how far it is."})
	}
	d.show(w, r, "repositories", page)
}

func (d *Dashboard) repositoryRow(row ledger.RepositoryRow, mayWrite bool) repositoryRow {
	out := repositoryRow{RepositoryRow: row, URL: d.GitHubURL + "/" + row.Repository.FullName(), MayWrite: mayWrite && !row.Suspended}
	switch row.History {
	case ledger.HistoryDone:
		out.History, out.Tone = "Read", "good"
	case ledger.HistoryReading:
		out.History = "Reading"
		if b := row.Backfill; b.Total > 0 {
			out.Share = min(b.Objects*100/b.Total, 99)
		}
	case ledger.HistoryGivenUp:
		out.History, out.Tone = "Given up", "bad"
	default:
		out.History, out.Tone = "Waiting", "warn"
	}
	return out
}
