package dashboard

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// staleAfter is after how long without a look at GitHub a repository counts as not watched, as the API counts: each is compared
// hourly.
const staleAfter = 7 * 24 * time.Hour

// severityRow is a severity with its open leaks by age.
type severityRow struct {
	Severity detect.Severity
	Count    int
	Ages     [4]int
	Oldest   time.Time
}

type overviewPage struct {
	Now          time.Time
	Open, Live   int
	Rows         []severityRow
	Proportions  template.HTML
	Weeks        template.HTML
	WeeksOpened  int
	WeeksClosed  int
	First        time.Time // of the weeks
	Median       ledger.Median
	Trend        template.HTML // of it by week; "": too few weeks
	Coverage     ledger.Coverage
	Watched      int // read, and looked at lately
	Deliveries   ledger.DeliveryHealth
	Urgent       []ledger.LeakRow
	Activity     []ledger.Activity
	Unfinished   []ledger.InstallationRow // installations whose histories are being read
	Repositories int
}

var severitySeries = []web.Series{
	{Name: "Critical", Class: "fill-critical"}, {Name: "High", Class: "fill-high"}, {Name: "Medium", Class: "fill-medium"}, {Name: "Low", Class: "fill-low"},
}

func (d *Dashboard) overview(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	p := overviewPage{Now: d.Now()}
	ok := d.view(w, r,
		func(ctx context.Context, tx Tx) error {
			o, err := tx.Overview(ctx, visible, staleAfter)
			p.fill(o)
			return err
		},
		func(ctx context.Context, tx Tx) (err error) {
			p.Deliveries, err = tx.DeliveryHealth(ctx, visible)
			return err
		},
		func(ctx context.Context, tx Tx) error {
			urgent, err := tx.Leaks(ctx, visible, ledger.LeakQuery{LeakFilter: ledger.LeakFilter{States: []respond.State{respond.Open}}, Order: ledger.BySeverity, Limit: 6})
			p.Urgent = urgent.Leaks
			return err
		},
		func(ctx context.Context, tx Tx) error {
			done, err := tx.Activity(ctx, visible, ledger.ActivityQuery{Limit: 6})
			if err != nil {
				return err
			}
			p.Activity = done.Entries
			installations, err := tx.InstallationList(ctx, visible)
			for _, in := range installations {
				if in.Read < in.Repositories {
					p.Unfinished = append(p.Unfinished, in)
				}
			}
			return err
		},
	)
	if ok {
		d.show(w, r, "overview", d.page(r, "Overview", "/", p))
	}
}

// fill makes rows, charts and sums of what the ledger counts.
func (p *overviewPage) fill(o ledger.Overview) {
	rows := map[detect.Severity]*severityRow{}
	var values []int64
	for _, s := range []detect.Severity{detect.CriticalSeverity, detect.HighSeverity, detect.MediumSeverity, detect.LowSeverity} {
		p.Rows = append(p.Rows, severityRow{Severity: s})
		values = append(values, 0)
	}
	for i := range p.Rows {
		rows[p.Rows[i].Severity] = &p.Rows[i]
	}
	for _, g := range o.Open {
		row := rows[g.Severity]
		if row == nil {
			continue
		}
		row.Count += g.Count
		for i, n := range g.Ages {
			row.Ages[i] += n
		}
		if row.Oldest.IsZero() || g.Oldest.Before(row.Oldest) {
			row.Oldest = g.Oldest
		}
		p.Open += g.Count
		if g.Environment == detect.Live {
			p.Live += g.Count
		}
	}
	for i, row := range p.Rows {
		values[i] = int64(row.Count)
	}
	p.Proportions = web.Proportions("Open leaks by severity", severitySeries, values)
	bars := make([]web.Bar, 0, 2*len(o.Weeks))
	for _, week := range o.Weeks {
		label := "Week of " + format.Date(week.Begin)
		bars = append(bars, web.Bar{Label: label, Values: []int64{int64(week.Opened), 0}}, web.Bar{Label: label, Values: []int64{0, int64(week.Closed)}})
		p.WeeksOpened, p.WeeksClosed = p.WeeksOpened+week.Opened, p.WeeksClosed+week.Closed
	}
	if len(o.Weeks) > 0 {
		p.First = o.Weeks[0].Begin
	}
	p.Weeks = web.Bars("Leaks found and closed in each of the last twelve weeks",
		[]web.Series{{Name: "found", Class: "fill-accent"}, {Name: "closed", Class: "fill-good"}}, bars)
	p.Trend = trend(o.Weeks)
	if len(o.Revoked) > 0 {
		p.Median = o.Revoked[0]
	}
	p.Coverage = o.Coverage
	p.Watched = max(o.Coverage.Repositories-o.Coverage.Unread-o.Coverage.Stale, 0)
	p.Repositories = o.Coverage.Repositories
}

// trend draws the median time to revoke of the weeks in which keys were revoked; "" where it is one week or none.
func trend(weeks []ledger.Week) template.HTML {
	var took []int64
	for _, week := range weeks {
		if week.Revoked > 0 {
			took = append(took, int64(week.Took.Seconds()))
		}
	}
	if len(took) < 2 {
		return ""
	}
	return web.Sparkline("Median time to revoke by week, from "+format.Duration(time.Duration(took[0])*time.Second)+" to "+format.Duration(time.Duration(took[len(took)-1])*time.Second), took)
}
