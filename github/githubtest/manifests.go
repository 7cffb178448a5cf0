package githubtest

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// manifestLifetime is how long the code lives that GitHub gives for a new App.
const manifestLifetime = time.Hour

// manifests are Apps that are being made. The server's lock guards them.
type manifests struct {
	drafts map[string]draft       // shown in a browser, waiting for a click; by number
	codes  map[string]manifestApp // made, waiting to be fetched; by code
}

type draft struct {
	owner    *Account
	manifest manifest
	state    string
}

type manifestApp struct {
	until time.Time
	owner *Account
	app   manifest
}

// manifest is what of a manifest counts here.
type manifest struct {
	Name         string            `json:"name"`
	URL          string            `json:"url"`
	Public       bool              `json:"public"`
	RedirectURL  string            `json:"redirect_url"`
	SetupURL     string            `json:"setup_url"`
	CallbackURLs []string          `json:"callback_urls"`
	Permissions  map[string]string `json:"default_permissions"`
	Events       []string          `json:"default_events"`
	Hook         struct {
		URL string `json:"url"`
	} `json:"hook_attributes"`
}

// newAppPage is GitHub's page about a new App, in short.
var newAppPage = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Create GitHub App</title>
<main><h1>Create GitHub App for {{.Owner}}</h1><p>This stands in for GitHub.</p>
{{if .Problem}}<p role="alert">{{.Problem}}</p>{{else}}
<form method="post" action="/settings/apps/manifests/{{.ID}}">
<label>GitHub App name <input name="name" value="{{.Name}}" required></label>
<button>Create GitHub App for {{.Owner}}</button></form>{{end}}</main></html>`))

// newApp is POST /settings/apps/new and its like for organisations: a browser brings a manifest.
func (s *Server) newApp(w http.ResponseWriter, r *http.Request, organization string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.accounts[strings.ToLower(organization)]
	if organization == "" {
		owner = s.person()
	}
	if owner == nil {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	var m manifest
	problem := ""
	switch err := json.Unmarshal([]byte(r.PostFormValue("manifest")), &m); {
	case err != nil:
		problem = "The manifest is not JSON."
	case m.URL == "" || m.RedirectURL == "" || m.Hook.URL == "":
		problem = "The manifest lacks url, redirect_url or hook_attributes.url."
	case len(m.CallbackURLs) > 10:
		problem = "The manifest has more than 10 callback URLs."
	}
	id := rand.Text()
	if problem == "" {
		s.manifests.drafts[id] = draft{owner, m, r.URL.Query().Get("state")}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = newAppPage.Execute(w, map[string]any{"Owner": owner.Login, "Name": m.Name, "ID": id, "Problem": problem}) // the browser may be gone
}

// makeApp is the click on that page: the App is made, and the browser led back with a code.
func (s *Server) makeApp(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, known := s.manifests.drafts[id]
	if !known {
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	delete(s.manifests.drafts, id)
	d.manifest.Name = cmp.Or(strings.TrimSpace(r.PostFormValue("name")), d.manifest.Name)
	code := strings.ToLower(rand.Text() + rand.Text())[:40]
	s.manifests.codes[code] = manifestApp{s.opt.Now().Add(manifestLifetime), d.owner, d.manifest}
	to, err := url.Parse(d.manifest.RedirectURL)
	if err != nil {
		http.Error(w, "The redirect URL is not a URL.", http.StatusBadRequest)
		return
	}
	query := to.Query()
	query.Set("code", code)
	if d.state != "" {
		query.Set("state", d.state)
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

// convertManifest is POST /app-manifests/{code}/conversions. The App is the stand-in's own from then on; GitHub pings its webhook.
func convertManifest(c *call) answer {
	s, code := c.s, c.path("code")
	made, known := s.manifests.codes[code]
	delete(s.manifests.codes, code) // once
	if !known || !s.opt.Now().Before(made.until) {
		return notFound()
	}
	slug := slugOf(made.app.Name)
	delete(s.accounts, strings.ToLower(s.bot.Login))
	s.bot.Login = slug + "[bot]"
	s.accounts[strings.ToLower(s.bot.Login)] = s.bot
	s.opt.AppID, s.opt.AppSlug, s.opt.WebhookSecret = s.id(), slug, rand.Text()+rand.Text()
	s.opt.Permissions, s.opt.Events = made.app.Permissions, slices.Sorted(slices.Values(made.app.Events))
	s.owner, s.webhookURL, s.setupURL, s.unregistered = made.owner, made.app.Hook.URL, made.app.SetupURL, false
	if len(made.app.CallbackURLs) > 0 {
		s.oauth.callback = made.app.CallbackURLs[0]
	}
	if len(made.app.CallbackURLs) > 0 {
		s.oauth.callback = made.app.CallbackURLs[0]
	}
	s.later(func() { s.Ping(s.ctx) })
	app := s.appJSON()
	app["name"], app["external_url"] = made.app.Name, made.app.URL
	app["client_secret"], app["webhook_secret"], app["pem"] = s.oauth.secret, s.opt.WebhookSecret, string(s.privateKeyPEM())
	return created(app)
}

// person is who sits in front of the browser. The caller holds the lock.
func (s *Server) person() *Account {
	if s.oauth.browser != nil {
		return s.oauth.browser
	}
	if a := s.accounts["ada"]; a != nil {
		return a
	}
	return s.newAccount("ada", "User")
}

// slugOf is an App's name in addresses.
func slugOf(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
}

// getHookConfig is GET /app/hook/config.
func getHookConfig(c *call) answer {
	config := object{"content_type": "json", "insecure_ssl": "0", "url": c.s.webhookURL}
	if c.s.opt.WebhookSecret != "" {
		config["secret"] = "********"
	}
	maps.Copy(config, c.s.hook)
	return ok(config)
}

// installPage is GitHub's page where an App is installed, in short.
var installPage = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Install {{.App}}</title>
<main><h1>Install {{.App}}</h1><p>This stands in for GitHub.</p>
<form method="post"><label>Account <select name="account">{{range .Accounts}}<option>{{.}}</option>{{end}}</select></label>
<button>Install</button></form></main></html>`))

// install is /apps/SLUG/installations/new: a browser installs the App on all repositories of an account that may, the App's owner.
func (s *Server) install(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	account, by, to := cmp.Or(s.owner, s.bot), s.person(), s.setupURL
	app := s.opt.AppSlug
	s.mu.Unlock()
	if r.Method == http.MethodPost && r.PostFormValue("account") == account.Login {
		in, _ := s.Install(s.ctx, account, by)
		query := url.Values{"installation_id": {itoa(in.ID())}, "setup_action": {"install"}}
		http.Redirect(w, r, cmp.Or(to, s.baseURL)+"?"+query.Encode(), http.StatusFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = installPage.Execute(w, map[string]any{"App": app, "Accounts": []string{account.Login}}) // the browser may be gone
}

// settingsPage answers requests for the pages where Apps are made and installed, and reports whether it was one.
func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	app := "/apps/" + s.opt.AppSlug + "/installations/new"
	s.mu.Unlock()
	if r.URL.Path == app {
		s.install(w, r)
		return true
	}
	if r.Method != http.MethodPost {
		return false
	}
	if id, found := strings.CutPrefix(r.URL.Path, "/settings/apps/manifests/"); found {
		s.makeApp(w, r, id)
		return true
	}
	if r.URL.Path == "/settings/apps/new" {
		s.newApp(w, r, "")
		return true
	}
	organization, found := strings.CutPrefix(r.URL.Path, "/organizations/")
	organization, of := strings.CutSuffix(organization, "/settings/apps/new")
	if found && of {
		s.newApp(w, r, organization)
	}
	return found && of
}
