package dashboard

import (
	"context"
	"net/http"

	"github.com/rekey-app/rekey/app/ruleset"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

// requiredPage says how an organisation requires the check.
type requiredPage struct {
	ID      int64
	Account string
	App     int64
	Check   string
	Ruleset string // JSON, for the organisation
	Page    string // where GitHub has its form for rulesets
}

// required shows the ruleset that requires the check, to whoever sees one of the installation's repositories: it holds no secret, and
// only an owner can use it.
func (d *Dashboard) required(w http.ResponseWriter, r *http.Request) {
	p := requiredPage{ID: idOf(r), App: d.AppID, Check: ruleset.CheckName}
	body, ok := d.ruleset(w, r, &p)
	if !ok {
		return
	}
	p.Ruleset = string(body)
	p.Page = d.GitHubURL + "/organizations/" + p.Account + "/settings/rules/new?target=branch"
	d.show(w, r, "required", d.page(r, "Require the check in "+p.Account, "/health", p))
}

// requiredJSON is the ruleset alone, to download.
func (d *Dashboard) requiredJSON(w http.ResponseWriter, r *http.Request) {
	body, ok := d.ruleset(w, r, &requiredPage{ID: idOf(r)})
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="ruleset.json"`)
	if _, err := w.Write(body); err != nil {
		d.Log.DebugContext(r.Context(), "ruleset not sent", "error", err)
	}
}

// ruleset is that of an installation that the reader sees. It returns false where it has shown why there is none.
func (d *Dashboard) ruleset(w http.ResponseWriter, r *http.Request, p *requiredPage) ([]byte, bool) {
	_, visible := reader(r)
	ok := d.view(w, r, func(ctx context.Context, tx Tx) error {
		installations, err := tx.InstallationList(ctx, visible)
		if err != nil {
			return err
		}
		for _, in := range installations {
			if in.ID == p.ID && d.AppID != 0 {
				p.Account = in.Account
				return nil
			}
		}
		return ledger.ErrNotFound
	})
	if !ok {
		return nil, false
	}
	body, err := ruleset.New(ruleset.Options{App: d.AppID}).JSON()
	if err != nil {
		d.fail(w, r, web.Broken)
		return nil, false
	}
	return body, true
}
