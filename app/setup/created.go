package setup

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/github"
)

func manifestText(m github.Manifest) string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // strings and maps of strings
	}
	return string(text)
}

// created is GET /setup/created, where GitHub leads the browser back to: the code becomes the App's credentials, if this browser asked
// for it, this once, and it is the App that was asked for.
func (s *SetUp) created(w http.ResponseWriter, r *http.Request) {
	if _, is := s.cookie(r); !is {
		s.turnAway(w, r, errNoLink)
		return
	}
	s.creating.Lock()
	defer s.creating.Unlock()
	query := r.URL.Query()
	wanted, err := s.flow.take(query.Get("state"), s.options.Now())
	if made, finished := s.result(); finished {
		s.tooLate(w, r, made, err == nil)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	app, err := github.ConvertManifest(r.Context(), s.toGitHub(wanted), query.Get("code"))
	if err != nil {
		s.options.Log.WarnContext(r.Context(), "GitHub did not give the new App's credentials", "error", err)
		s.refuse(w, r, err)
		return
	}
	if !wanted.belongs(app) {
		s.wrongOwner(w, r, wanted, app)
		return
	}
	s.finish(r.Context(), wanted, app)
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

func (s *SetUp) toGitHub(w wish) github.Config {
	to := github.Config{WebURL: w.GitHubURL, HTTP: s.options.HTTP, UserAgent: "rekey/" + s.options.Version}
	if w.GitHubURL == s.options.Config.GitHubURL {
		to.APIURL = s.options.Config.GitHubAPIURL
	}
	return to
}

// refuse says why an answer of GitHub is not used. The App may be there all the same.
func (s *SetUp) refuse(w http.ResponseWriter, r *http.Request, err error) {
	p := web.Problem{
		Status: http.StatusBadRequest, Title: "This answer from GitHub can't be used",
		Text: "It was used already, or doesn't belong to what this browser asked for. If you just created an App on GitHub, delete it there, and start again.",
	}
	switch {
	case errors.Is(err, errOldState), errors.Is(err, github.ErrCode):
		p.Title = "GitHub's answer came too late"
		p.Text = "GitHub hands out a new App's credentials once, and within an hour. Delete the App on GitHub, and start again."
	case !errors.Is(err, errState):
		p.Status, p.Title = http.StatusBadGateway, "GitHub didn't hand out the App's credentials"
		p.Text = "rekey asked for them and got this answer: " + err.Error() + ". Check that this machine reaches GitHub, delete the App on GitHub, and start again."
	}
	p.Link, p.LinkText = "/setup", "Start again"
	s.fail(w, r, p)
}

// wrongOwner throws away an App that belongs to somebody else than was asked for.
func (s *SetUp) wrongOwner(w http.ResponseWriter, r *http.Request, wanted wish, app github.NewApp) {
	s.options.Log.WarnContext(r.Context(), "the new App belongs to another account than was asked for; it is not used", "wanted", wanted.Organization, "owner", app.Owner)
	account := wanted.Organization
	if account == "" {
		account = "a personal account"
	}
	s.fail(w, r, web.Problem{
		Status: http.StatusConflict, Title: "The App belongs to somebody else",
		Text: "You asked for an App of " + account + ", and GitHub created one of " + app.Owner + ". rekey has thrown its credentials away. Delete the App on GitHub, then open " +
			"/setup here and start again.",
		Link: deletePage(app.Registration), LinkText: "Delete it on GitHub",
	})
}

// tooLate is for an App that was created when another had been: nothing of it is used.
func (s *SetUp) tooLate(w http.ResponseWriter, r *http.Request, made made, ours bool) {
	if !ours {
		http.Redirect(w, r, "/setup", http.StatusSeeOther) // a page that was loaded again
		return
	}
	s.fail(w, r, web.Problem{
		Status: http.StatusConflict, Title: "rekey is set up already",
		Text: "It works as the App " + made.app.Slug + ". The App that you created now is not used: delete it on GitHub.",
	})
}

// deletePage is where an App can be deleted.
func deletePage(app github.Registration) string {
	return strings.TrimSuffix(app.SettingsURL, "/permissions") + "/advanced"
}

// finish keeps the credentials, and has the server begin.
func (s *SetUp) finish(ctx context.Context, wanted wish, app github.NewApp) {
	c := config.Credentials{
		GitHubURL: wanted.GitHubURL, PublicURL: wanted.PublicURL, AppID: app.ID, Slug: app.Slug, Owner: app.Owner, ClientID: app.ClientID,
		ClientSecret: app.ClientSecret, WebhookSecret: app.WebhookSecret, PrivateKey: app.PrivateKey, Created: s.options.Now().UTC(),
	}
	result := &made{credentials: c, app: app.Registration, show: wanted.ShowOnce}
	if !wanted.ShowOnce {
		if err := c.Save(s.options.Config.Data); err != nil {
			s.options.Log.ErrorContext(ctx, "the App's credentials could not be kept; they are shown in the browser instead", "directory", s.options.Config.Data, "error", err)
			result.show, result.unkept = true, err.Error()
		}
	}
	s.options.Log.InfoContext(ctx, "the App was created", "app", app.Slug, "owner", app.Owner, "kept", !result.show)
	// Whoever closes the page meanwhile does not stop the server from starting.
	if err := s.options.Start(context.WithoutCancel(ctx), c); err != nil {
		s.options.Log.ErrorContext(ctx, "the server did not start", "error", err)
		result.startError = err.Error()
	}
	if !result.show {
		result.credentials = withoutSecrets(c)
	}
	s.mu.Lock()
	s.made = result
	s.mu.Unlock()
}

func withoutSecrets(c config.Credentials) config.Credentials {
	c.ClientSecret, c.WebhookSecret, c.PrivateKey = "", "", ""
	return c
}

// saved is POST /setup/saved: the credentials were copied, and are forgotten here.
func (s *SetUp) saved(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if s.made != nil {
		s.made.show, s.made.credentials = false, withoutSecrets(s.made.credentials)
	}
	s.mu.Unlock()
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

// madeView is what is shown when the App is there.
type madeView struct {
	App                github.Registration
	Install            string
	Kept               string // where the credentials are; "": not in a file
	Environment        string // the settings to copy; "": none
	Unkept, StartError string
	FormToken          string
}

func (s *SetUp) showMade(w http.ResponseWriter, r *http.Request, cookie string, m made) {
	view := madeView{
		App: m.app, Install: m.app.PageURL + "/installations/new", Unkept: m.unkept, StartError: m.startError,
		FormToken: web.FormToken([]byte(cookie)),
	}
	switch {
	case m.show:
		view.Environment = environment(m.credentials)
	case m.unkept == "":
		if _, err := config.ReadCredentials(s.options.Config.Data); err == nil {
			view.Kept = config.CredentialsPath(s.options.Config.Data)
		}
	}
	s.site.Render(w, r, http.StatusOK, s.pages["made"], web.Page{Title: "The App is created", Notices: lacking(m.app), Data: view})
}

// lacking is what the App has not got, as when somebody sent GitHub another manifest.
func lacking(app github.Registration) []web.Notice {
	var names []string
	for _, need := range app.Missing() {
		names = append(names, need.String())
	}
	if len(names) == 0 {
		return nil
	}
	return []web.Notice{{
		Tone: web.Warn, Text: "The App lacks what rekey needs: " + strings.Join(names, ", ") + ".", Link: app.SettingsURL, LinkText: "Add it on GitHub",
	}}
}

// environment is the credentials as a file of settings, such as systemd, Docker and most secret stores take them.
func environment(c config.Credentials) string {
	var b strings.Builder
	for _, line := range [][2]string{
		{"REKEY_PUBLIC_URL", c.PublicURL},
		{"REKEY_GITHUB_URL", c.GitHubURL},
		{"REKEY_APP_ID", strconv.FormatInt(c.AppID, 10)},
		{"REKEY_CLIENT_ID", c.ClientID},
		{"REKEY_CLIENT_SECRET", c.ClientSecret},
		{"REKEY_WEBHOOK_SECRET", c.WebhookSecret},
		{"REKEY_PRIVATE_KEY", strings.ReplaceAll(strings.TrimSpace(c.PrivateKey), "\n", `\n`)},
	} {
		b.WriteString(line[0] + "=" + line[1] + "\n")
	}
	return b.String()
}
