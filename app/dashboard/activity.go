package dashboard

import (
	"context"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

type activityRow struct {
	ledger.Activity
	Did, Name, Link string
	Person          bool
}

type activityPage struct {
	Now    time.Time
	People bool
	By     string
	Rows   []activityRow
	Next   string
}

func (d *Dashboard) activity(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	values := r.URL.Query()
	query := ledger.ActivityQuery{People: values.Get("people") == "true", By: values.Get("by"), After: values.Get("after"), Limit: leaksPerPage}
	p := activityPage{Now: d.Now(), People: query.People, By: query.By}
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		list, err := tx.Activity(ctx, visible, query)
		p.Rows = nil
		for _, a := range list.Entries {
			p.Rows = append(p.Rows, d.activityRow(a))
		}
		p.Next = pageAfter(values, "/activity", list.Next)
		return err
	})
	if ok {
		d.show(w, r, "activity", d.page(r, "Activity", "/activity", p))
	}
}

func (d *Dashboard) activityRow(a ledger.Activity) activityRow {
	row := activityRow{Activity: a, Did: did(a), Person: a.By != "" && a.By != respond.Self && a.By != respond.ByClerk && a.By != respond.ByGitHub}
	if a.Owner != "" {
		row.Name = a.Owner + "/" + a.Name
	}
	if a.Kind == ledger.ActivityEffect {
		row.Link = linkOn(d.GitHubURL, a.Detail)
		row.Detail = ""
	}
	return row
}
