package serve

import (
	"context"
	"net/http"
	"time"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/dashboard"
	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

// startDashboard makes the pages that people open. Without a client of OAuth they say how to switch them on.
func (s *Server) startDashboard(ctx context.Context, cfg config.Config, checks status.Checks) (http.Handler, error) {
	site, err := web.New(web.Options{PublicURL: cfg.PublicURL, Version: s.options.Version, Log: s.log})
	if err != nil {
		return nil, err
	}
	signIn, err := signin.New(signin.Config{
		Site: site, Store: ledger.Scope[signin.Tx](s.store), GitHubURL: cfg.GitHubURL, GitHubAPIURL: cfg.GitHubAPIURL,
		ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, Now: time.Now, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	if !signIn.Enabled() {
		s.log.InfoContext(ctx, "nobody can sign in to the dashboard",
			"fix", "set REKEY_CLIENT_ID, REKEY_CLIENT_SECRET_FILE and REKEY_PUBLIC_URL: docs/dashboard.md")
	}
	c := dashboard.Config{
		Site: site, SignIn: signIn, Store: ledger.Scope[dashboard.Tx](s.store), GitHubURL: cfg.GitHubURL, AppID: cfg.AppID, Now: time.Now, Log: s.log,
		Components: func(ctx context.Context) []dashboard.Component { return componentsOf(checks.Components(ctx)) },
	}
	answers := api.Config{Store: ledger.Scope[api.Tx](s.store), Status: s.reporter, WebURL: cfg.GitHubURL, Log: s.log}
	if s.app != nil {
		c.Quotas, answers.Quotas = s.quotas, s.app.Quotas
	}
	if s.github != nil {
		c.Missing = s.github.missing
	}
	c.API = api.ForSignedIn(answers, signIn.Require)
	s.dashboard, err = dashboard.New(c)
	return s.dashboard, err
}

func (s *Server) quotas() []dashboard.Quota {
	var list []dashboard.Quota
	for _, q := range s.app.Quotas() {
		list = append(list, dashboard.Quota{Installation: q.Installation, Limit: q.Limit, Remaining: q.Left})
	}
	return list
}

// componentsOf leaves out what only operators are told: addresses and errors of the database may be in details.
func componentsOf(list []status.Component) []dashboard.Component {
	var out []dashboard.Component
	for _, c := range list {
		row := dashboard.Component{Name: c.Name}
		if c.State == status.Failed {
			row.Problem = "its log says why"
		}
		out = append(out, row)
	}
	return out
}
