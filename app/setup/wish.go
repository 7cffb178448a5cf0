package setup

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/github"
)

// wish is what somebody wants an App for.
type wish struct {
	Organization string // "": a personal account
	GitHubURL    string
	PublicURL    string
	ShowOnce     bool // the credentials are shown, and not kept in the data directory
}

// mistakes are what is wrong with a form, by the name of the field.
type mistakes map[string]string

// login is what GitHub takes for the name of an account; managed users have an underscore.
var login = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9_]|-[A-Za-z0-9_])*$`)

// maxLogin is how long GitHub lets it be.
const maxLogin = 39

// readWish reads the form. What the environment has set counts, whatever the form says.
func readWish(form url.Values, set config.Config, fixed Fixed) (wish, mistakes) {
	w, wrong := wish{ShowOnce: form.Get("keep") == "show"}, mistakes{}
	switch form.Get("account") {
	case "personal":
	case "organization":
		w.Organization = strings.TrimPrefix(strings.TrimSpace(form.Get("organization")), "@")
		switch {
		case w.Organization == "":
			wrong["organization"] = "Enter the organisation's name, as in github.com/NAME."
		case len(w.Organization) > maxLogin || !login.MatchString(w.Organization):
			wrong["organization"] = "GitHub has no such names: enter only NAME of github.com/NAME."
		}
	default:
		wrong["account"] = "Choose where the App belongs."
	}
	w.GitHubURL = set.GitHubURL
	if !fixed.GitHubURL {
		w.GitHubURL = strings.TrimRight(strings.TrimSpace(form.Get("github")), "/")
		if problem := githubProblem(w.GitHubURL); problem != "" {
			wrong["github"] = problem
		}
	}
	w.PublicURL = set.PublicURL
	if !fixed.PublicURL {
		var err error
		w.PublicURL, err = config.PublicURL(strings.TrimSpace(form.Get("public")))
		switch {
		case err != nil:
			wrong["public"] = "Enter https://HOST, without a path. Plain http works only for this machine itself, such as http://localhost:8080."
		case w.PublicURL == "":
			wrong["public"] = "Enter the address at which GitHub and browsers reach rekey."
		}
	}
	return w, wrong
}

func githubProblem(address string) string {
	if address == "" {
		return "Enter GitHub's address, such as https://github.com."
	}
	if _, err := github.APIURL(address); err != nil {
		return "Enter the address that you open GitHub at: https://github.com, https://TENANT.ghe.com, or your Enterprise Server's."
	}
	if u, err := url.Parse(address); err != nil || u.Path != "" {
		return "Enter the address without a path, such as https://github.com. The organisation goes above."
	}
	return ""
}

// reaches reports whether what GitHub delivers to the public address can arrive: GitHub cannot reach this machine's own addresses,
// but a GitHub that runs on it can.
func (w wish) reaches(proxy string) bool {
	return proxy != "" || !isLoopback(w.PublicURL) || isLoopback(w.GitHubURL)
}

func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// back returns where GitHub leads the browser back to: where it is now, if that is the public address or this machine itself. Nothing
// else that a request says of where it went is believed. ok is false where the browser is elsewhere, so that it would come back as a
// stranger.
func (w wish) back(r *http.Request) (address string, ok bool) {
	origin := r.Header.Get("Origin") // browsers say it, and no page of another site can forge it
	switch {
	case origin == "" || strings.EqualFold(origin, w.PublicURL):
		return w.PublicURL, true
	case strings.HasPrefix(origin, "http://") && isLoopback(origin):
		return origin, true
	}
	return "", false
}

// manifest is what GitHub makes the App from.
func (w wish) manifest(back, proxy string) github.Manifest {
	hook := w.PublicURL + "/webhook"
	if proxy != "" {
		hook = proxy
	}
	m := github.NewManifest(w.appName(), hook)
	m.URL, m.RedirectURL, m.CallbackURLs, m.SetupURL = w.PublicURL, back+"/setup/created", []string{w.PublicURL + signin.Callback}, w.PublicURL+"/"
	return m
}

// maxName is how long GitHub lets an App's name be.
const maxName = 34

// appName suggests a name; GitHub has each name once, and lets it be changed on its page.
func (w wish) appName() string {
	name := "rekey-" + w.Organization
	if w.Organization == "" {
		name += strings.ToLower(rand.Text()[:6])
	}
	return strings.TrimRight(name[:min(len(name), maxName)], "-")
}

// belongs reports whether an App is the one that was wished for, by whom it belongs to.
func (w wish) belongs(app github.NewApp) bool {
	if w.Organization == "" {
		return app.OwnerType == "User"
	}
	return app.OwnerType == "Organization" && strings.EqualFold(app.Owner, w.Organization)
}
