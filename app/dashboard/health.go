package dashboard

import (
	"context"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

type healthPage struct {
	Now           time.Time
	Components    []Component
	Deliveries    ledger.DeliveryHealth
	Jobs          []jobRow
	Waiting       int
	Installations []installationRow
	Processes     int
	QuotasKnown   bool
	Lag           time.Duration // of the oldest delivery that waits
	MayRequire    bool          // there is a page that says how the check is required
}

type jobRow struct {
	Kind             string
	Waiting, Running int
}

type installationRow struct {
	ledger.InstallationRow
	Quota *Quota // nil: not known
}

func (d *Dashboard) health(w http.ResponseWriter, r *http.Request) {
	_, visible := reader(r)
	p := healthPage{Now: d.Now(), MayRequire: d.AppID != 0}
	quotas := map[int64]Quota{}
	if d.Quotas != nil {
		for _, q := range d.Quotas() {
			quotas[q.Installation] = q
		}
		p.QuotasKnown = len(quotas) > 0
	}
	if d.Components != nil {
		p.Components = d.Components(r.Context())
	}
	ok := d.view(w, r, func(ctx context.Context, tx Tx) (err error) {
		p.Deliveries, err = tx.DeliveryHealth(ctx, visible)
		return err
	}, func(ctx context.Context, tx Tx) error {
		jobs, err := tx.VisibleJobs(ctx, visible)
		if err != nil {
			return err
		}
		p.Jobs, p.Waiting = jobRows(jobs)
		if p.Processes, err = tx.Processes(ctx); err != nil {
			return err
		}
		installations, err := tx.InstallationList(ctx, visible)
		p.Installations = nil
		for _, in := range installations {
			row := installationRow{InstallationRow: in}
			if q, known := quotas[in.ID]; known {
				row.Quota = &q
			}
			p.Installations = append(p.Installations, row)
		}
		return err
	})
	if !p.Deliveries.OldestWaiting.IsZero() {
		p.Lag = max(p.Now.Sub(p.Deliveries.OldestWaiting), 0)
	}
	if !ok {
		return
	}
	page := d.page(r, "Health", "/health", p)
	if d.Missing != nil {
		if lacks := d.Missing(); lacks != "" {
			page.Notices = append(page.Notices, web.Notice{Tone: web.Warn, Text: title(lacks) + "."})
		}
	}
	d.show(w, r, "health", page)
}

// jobRows adds up jobs by kind, for kinds of which one waits or runs.
func jobRows(jobs []ledger.Jobs) (rows []jobRow, waiting int) {
	at := map[string]int{}
	for _, j := range jobs {
		if j.State != ledger.JobWaits && j.State != ledger.JobRuns {
			continue
		}
		i, known := at[j.Kind]
		if !known {
			i = len(rows)
			at[j.Kind] = i
			rows = append(rows, jobRow{Kind: jobName(j.Kind)})
		}
		if j.State == ledger.JobRuns {
			rows[i].Running += j.Count
		} else {
			rows[i].Waiting += j.Count
			waiting += j.Count
		}
	}
	return rows, waiting
}

func jobName(kind string) string {
	names := map[string]string{
		"delivery": "Webhook deliveries", "check": "Check runs", "issue": "Issues", "summary": "Summary issues", "effects": "Comments and closings",
		"verify": "Questions to Clerk", "notify": "Notifications", "digest": "Digests", "backfill": "Histories", "sweep": "Comparisons of refs",
		"reconcile": "Comparisons of repositories", "issues": "Comparisons of issues", "order": "Commands from here", "policy": "Policy changes",
		"alert": "Alerts of secret scanning", "code_scanning": "Security tabs",
		"texts": "Checks of texts", "wiki": "Wikis", "assets": "Files of releases", "logs": "Logs of GitHub Actions",
	}
	if name, known := names[kind]; known {
		return name
	}
	return kind
}
