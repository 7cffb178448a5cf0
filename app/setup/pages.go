package setup

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/github"
)

func (s *SetUp) routes() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /setup", s.show)
	pages.HandleFunc("POST /setup/start", s.start)
	pages.HandleFunc("POST /setup/app", s.opener(s.review))
	pages.HandleFunc("GET /setup/created", s.created)
	pages.HandleFunc("POST /setup/saved", s.opener(s.saved))
	pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/setup", http.StatusSeeOther) })
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.site.Fail(w, r, web.Problem{
			Status: http.StatusNotFound, Title: "rekey isn't set up yet", Text: "There are no pages but set-up's until it is connected to GitHub.",
			Link: "/setup", LinkText: "Go to set-up",
		})
	})
	protected := s.site.Protect(pages)
	all := http.NewServeMux()
	all.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, `{"status":"ok"}`) })
	all.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusServiceUnavailable, `{"status":"not ready","failed":"setup"}`)
	})
	all.HandleFunc("/webhook", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		answer(w, http.StatusServiceUnavailable, `{"error":"rekey is being set up"}`)
	})
	all.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// The origin of the page is told, to us and to GitHub, and never its path: the link is one.
		protected.ServeHTTP(originOnly{w}, r)
	})
	return all
}

func answer(w http.ResponseWriter, status int, json string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(json + "\n")) // whoever asked may be gone
}

// originOnly lets browsers say which origin a form comes from, which set-up needs to know.
type originOnly struct{ http.ResponseWriter }

func (o originOnly) WriteHeader(status int) {
	o.Header().Set("Referrer-Policy", "strict-origin")
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap gives the writer to [http.ResponseController].
func (o originOnly) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Cookies. The first is for https; browsers refuse it elsewhere, and set-up may begin on this machine, at http://localhost.
const (
	secureCookie = "__Host-rekey-setup"
	plainCookie  = "rekey-setup"
)

// cookie returns the cookie of the browser that opened the link.
func (s *SetUp) cookie(r *http.Request) (string, bool) {
	for _, name := range []string{secureCookie, plainCookie} {
		if c, err := r.Cookie(name); err == nil && s.flow.isOpener(c.Value, s.options.Now()) {
			return c.Value, true
		}
	}
	return "", false
}

// opener lets in the browser that opened the link, with a form that it was shown.
func (s *SetUp) opener(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, is := s.cookie(r)
		switch {
		case !is:
			s.turnAway(w, r, errNoLink)
		case !web.FormIsOf(r, []byte(cookie)):
			s.fail(w, r, web.Problem{
				Status: http.StatusForbidden, Title: "This form is out of date", Text: "Nothing was done. Open set-up again and fill in the form there.",
			})
		default:
			next(w, r)
		}
	}
}

// show is GET /setup: for whoever has the link a button, for the browser that opened it the form, or what it made.
func (s *SetUp) show(w http.ResponseWriter, r *http.Request) {
	cookie, is := s.cookie(r)
	made, finished := s.result()
	switch token := r.URL.Query().Get("token"); {
	case is && finished:
		s.showMade(w, r, cookie, made)
	case finished:
		s.fail(w, r, web.Problem{
			Status: http.StatusOK, Title: "rekey is set up", Text: "It works as the App " + made.app.Slug + ". There is nothing left to do here.",
		})
	case is:
		s.showForm(w, r, cookie, http.StatusOK, s.suggested(r), nil)
	default:
		if err := s.flow.look(token, s.options.Now()); err != nil {
			s.turnAway(w, r, err)
			return
		}
		s.site.Render(w, r, http.StatusOK, s.pages["start"], web.Page{Title: "Set up rekey", Data: token})
	}
}

// turnAway says why somebody may not do the set-up, and what to do if they should.
func (s *SetUp) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	p := web.Problem{
		Status: http.StatusForbidden, Title: "Open the link that rekey printed",
		Text: "rekey serve prints a link when it starts. Only the browser that opens it can do the set-up. Restart rekey for a new one.",
	}
	switch {
	case errors.Is(err, errUsedLink):
		p.Title = "This link was opened already"
		p.Text = "Another browser opened it, " + web.Ago(s.options.Now().Sub(s.flow.openedAt())) + ", and does the set-up. If that was neither you nor a colleague, " +
			"restart rekey now: it prints a new link, and shuts the other browser out."
	case errors.Is(err, errOldLink):
		p.Title, p.Text = "This link has expired", "It worked for an hour. Restart rekey: it prints a new one."
	}
	p.Link, p.LinkText = "https://github.com/rekey-app/rekey/blob/main/docs/install.md", "How to set rekey up"
	s.fail(w, r, p)
}

func (s *SetUp) fail(w http.ResponseWriter, r *http.Request, p web.Problem) {
	if p.Link == "" {
		p.Link, p.LinkText = "/setup", "Go to set-up"
		if _, finished := s.result(); finished {
			p.Link, p.LinkText = "/", "Go to rekey"
		}
	}
	s.site.Fail(w, r, p)
}

// start is POST /setup/start: the link is opened, and this browser does the set-up.
func (s *SetUp) start(w http.ResponseWriter, r *http.Request) {
	cookie, err := s.flow.open(r.PostFormValue("token"), s.options.Now())
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	c := &http.Cookie{Name: plainCookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: int(linkLifetime.Seconds())}
	if strings.HasPrefix(r.Header.Get("Origin"), "https://") || r.TLS != nil {
		c.Name, c.Secure = secureCookie, true
	}
	http.SetCookie(w, c)
	s.options.Log.InfoContext(r.Context(), "the set-up link was opened; it works for nobody else", "from", r.RemoteAddr)
	http.Redirect(w, r, "/setup", http.StatusSeeOther)
}

// suggested fills in the form: with what was wished before, else with what the environment says, else with what the request looks
// like. The last is only a suggestion: people read it, and the form is checked.
func (s *SetUp) suggested(r *http.Request) wish {
	w, wished := s.flow.wished()
	if !wished {
		w = wish{ShowOnce: !s.canKeep()}
	}
	w.GitHubURL = cmp.Or(w.GitHubURL, s.options.Config.GitHubURL)
	w.PublicURL = cmp.Or(w.PublicURL, s.options.Config.PublicURL)
	if w.PublicURL == "" {
		guess := "https://" + r.Host
		if isLoopback("http://" + r.Host) {
			guess = "http://" + r.Host
		}
		w.PublicURL, _ = config.PublicURL(guess) // "" for nonsense
	}
	return w
}

// canKeep reports whether credentials can be kept in the data directory.
func (s *SetUp) canKeep() bool { return config.CanSave(s.options.Config.Data) == nil }

// formView is what the form shows.
type formView struct {
	Wish      wish
	Personal  bool
	Wrong     mistakes
	Fixed     Fixed
	Data      string
	CanKeep   bool
	Proxy     string
	FormToken string
}

func (s *SetUp) showForm(w http.ResponseWriter, r *http.Request, cookie string, status int, wanted wish, wrong mistakes) {
	_, wished := s.flow.wished()
	s.site.Render(w, r, status, s.pages["form"], web.Page{Title: "Set up rekey", Data: formView{
		Wish: wanted, Personal: (wished || wrong != nil) && wanted.Organization == "" && wrong["organization"] == "" && wrong["account"] == "",
		Wrong: wrong, Fixed: s.options.Fixed, Data: s.options.Config.Data, CanKeep: s.canKeep(), Proxy: s.options.Config.WebhookProxy,
		FormToken: web.FormToken([]byte(cookie)),
	}})
}

// reviewView is what is shown before GitHub is asked.
type reviewView struct {
	Wish                wish
	Action, Manifest    string
	Permissions, Events []github.Need
	Optional            []github.Need // for people to add
	Proxy               string
	Unreachable         bool
}

// review is POST /setup/app: it checks the form, and shows what GitHub will be asked for, in a form that leads there.
func (s *SetUp) review(w http.ResponseWriter, r *http.Request) {
	cookie, _ := s.cookie(r)
	if _, finished := s.result(); finished {
		http.Redirect(w, r, "/setup", http.StatusSeeOther)
		return
	}
	wanted, wrong := readWish(r.PostForm, s.options.Config, s.options.Fixed)
	wanted.ShowOnce = wanted.ShowOnce || !s.canKeep()
	back, here := wanted.back(r)
	if !here && wrong["public"] == "" {
		wrong["public"] = "You opened this page at another address. Open rekey at the public address, or on this machine at http://localhost, " +
			"with the link that it prints after a restart: else GitHub leads you back to a page that doesn't know you."
	}
	if len(wrong) > 0 {
		s.showForm(w, r, cookie, http.StatusUnprocessableEntity, wanted, wrong)
		return
	}
	proxy := s.options.Config.WebhookProxy
	action, err := github.ManifestPage(wanted.GitHubURL, wanted.Organization, s.flow.begin(wanted, s.options.Now()))
	if err != nil {
		s.showForm(w, r, cookie, http.StatusUnprocessableEntity, wanted, mistakes{"github": githubProblem(wanted.GitHubURL)})
		return
	}
	view := reviewView{Wish: wanted, Action: action, Manifest: manifestText(wanted.manifest(back, proxy)), Optional: github.Optional(), Proxy: proxy, Unreachable: !wanted.reaches(proxy)}
	for _, need := range github.Needs() {
		if need.Access == "" {
			view.Events = append(view.Events, need)
		} else {
			view.Permissions = append(view.Permissions, need)
		}
	}
	u, _ := url.Parse(wanted.GitHubURL) // it was checked
	s.site.Render(w, r, http.StatusOK, s.pages["review"], web.Page{
		Title: "Create the App", FormOrigins: []string{u.Scheme + "://" + u.Host}, Data: view,
	})
}

// reachable is the address as this machine's browsers take it, for one that means all of its addresses.
func reachable(listens string) string {
	host, port, err := net.SplitHostPort(listens)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("localhost", port)
	}
	return listens
}
