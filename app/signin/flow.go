package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

// stateLasts is how long people have to sign in at GitHub, whose codes last as long.
const stateLasts = 10 * time.Minute

// attempt is a sign-in under way. It stands in a cookie of the browser that began it, sealed with the App's client secret: any
// process can go on with it, and none has to remember what strangers begin.
type attempt struct {
	State    string    `json:"state"`
	Verifier string    `json:"verifier"` // of PKCE
	To       string    `json:"to"`
	Until    time.Time `json:"until"`
}

// Problems of signing in.
var (
	notBegun = web.Problem{
		Status: http.StatusBadRequest, Title: "This sign-in wasn't started here",
		Text: "It was started in another browser, more than ten minutes ago, or already finished. Start again; if that ends here too, " +
			"open rekey at the address that its settings name (REKEY_PUBLIC_URL), and allow its cookies.",
		Link: "/signin", LinkText: "Sign in again",
	}
	declined = web.Problem{
		Status: http.StatusForbidden, Title: "You weren't signed in",
		Text: "GitHub says that you declined. rekey asks only who you are and which repositories you see: it can't change anything in your name.",
		Link: "/signin", LinkText: "Back to sign-in",
	}
	refused = web.Problem{
		Status: http.StatusForbidden, Title: "GitHub didn't confirm the sign-in",
		Text: "Its code was used before, or is too old. Nothing is wrong with your account.", Link: "/signin", LinkText: "Sign in again",
	}
	misconfigured = web.Problem{
		Status: http.StatusBadGateway, Title: "Sign-in isn't set up correctly",
		Text: "GitHub refuses the App's client ID, client secret or callback URL. Whoever runs rekey finds the reason in its log, and with rekey doctor.",
		Link: "/signin", LinkText: "Back to sign-in",
	}
	unreachable = web.Problem{
		Status: http.StatusServiceUnavailable, Title: "GitHub can't be reached",
		Text: "rekey shows only what GitHub says that you may see, and can't ask at the moment. Scans go on; try again in a minute.",
	}
	off = web.Problem{
		Status: http.StatusNotFound, Title: "Sign-in is switched off",
		Text: "Set REKEY_CLIENT_ID, REKEY_CLIENT_SECRET and REKEY_PUBLIC_URL to switch the dashboard on.",
	}
)

type signInPage struct {
	Enabled  bool
	To       string
	Callback string
	Host     string // of GitHub
}

// show is the page with the one button.
func (s *SignIn) show(w http.ResponseWriter, r *http.Request) {
	p := signInPage{Enabled: s.Enabled(), Callback: s.Site.URL(Callback)}
	if to := web.LocalPath(r.URL.Query().Get("to"), "/"); to != "/" {
		p.To = to
	}
	if u, err := url.Parse(s.GitHubURL); err == nil {
		p.Host = u.Host
	}
	page := web.Page{Title: "Sign in", Data: p}
	if r.URL.Query().Has("out") {
		page.Notices = []web.Notice{{Tone: web.Good, Text: "You're signed out."}}
	}
	if r.URL.Query().Has("ended") {
		page.Notices = []web.Notice{{Tone: web.Info, Text: "Your session has ended. Sign in to go on."}}
	}
	s.Site.Render(w, r, http.StatusOK, s.page, page)
}

// begin sends the browser to GitHub.
func (s *SignIn) begin(w http.ResponseWriter, r *http.Request) {
	if !s.Enabled() {
		s.Site.Fail(w, r, off)
		return
	}
	a := attempt{
		State: rand.Text(), Verifier: rand.Text() + rand.Text(), // 52 letters and digits: PKCE wants 43 at least
		To: web.LocalPath(r.URL.Query().Get("to"), "/"), Until: s.Now().Add(stateLasts),
	}
	sealed, err := seal([]byte(s.ClientSecret), "sign-in", stateCookie, a)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "sign-in not started", "error", err)
		s.Site.Fail(w, r, web.Broken)
		return
	}
	http.SetCookie(w, s.cookie(stateCookie, base64.RawURLEncoding.EncodeToString(sealed), stateLasts))
	challenge := sha256.Sum256([]byte(a.Verifier))
	query := url.Values{
		"client_id": {s.ClientID}, "redirect_uri": {s.Site.URL(Callback)}, "state": {a.State},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}
	http.Redirect(w, r, s.GitHubURL+"/login/oauth/authorize?"+query.Encode(), http.StatusSeeOther)
}

// callback is where GitHub sends the browser back to.
func (s *SignIn) callback(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, s.cookie(stateCookie, "", 0)) // good for one try
	query := r.URL.Query()
	var a attempt
	err := unseal([]byte(s.ClientSecret), "sign-in", stateCookie, s.read(r, stateCookie), &a)
	if !s.Enabled() || err != nil || !s.Now().Before(a.Until) || subtle.ConstantTimeCompare([]byte(a.State), []byte(query.Get("state"))) != 1 {
		s.Site.Fail(w, r, notBegun)
		return
	}
	if reason := query.Get("error"); reason != "" || query.Get("code") == "" {
		s.Log.InfoContext(r.Context(), "sign-in ended at GitHub", "reason", shortened(reason))
		problem := misconfigured
		if reason == "access_denied" {
			problem = declined
		}
		s.Site.Fail(w, r, problem)
		return
	}
	t, err := s.github.exchange(r.Context(), query.Get("code"), a.Verifier, s.Site.URL(Callback))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.enter(w, r, a, t)
}

// enter makes a session of tokens, unless their user sees nothing here.
func (s *SignIn) enter(w http.ResponseWriter, r *http.Request, a attempt, t tokens) {
	asked := s.Now()
	p, err := s.github.ask(r.Context(), t.Access)
	if err != nil {
		s.forget(r.Context(), t)
		s.fail(w, r, err)
		return
	}
	if p.Installed == 0 {
		s.forget(r.Context(), t)
		s.Log.InfoContext(r.Context(), "sign-in refused: no installation", "login", p.Login)
		s.showNobody(w, r, p.Login)
		return
	}
	fresh := newSecret()
	sealed, err := seal(fresh, "tokens", fresh.id(), t)
	added := false
	if err == nil {
		old := s.secretOf(r)
		err = s.Store.Update(r.Context(), func(ctx context.Context, tx Tx) (err error) {
			added, err = tx.AddSession(ctx, ledger.Session{
				ID: fresh.id(), State: digest([]byte(a.State)), Person: p.ID, Login: p.Login, Checked: asked, Sealed: sealed, Access: p.Access.encode(),
			})
			if err != nil || !added || old == nil {
				return err
			}
			return tx.EndSession(ctx, old.id())
		})
	}
	if err != nil || !added {
		s.forget(r.Context(), t)
		if err != nil {
			s.Log.ErrorContext(r.Context(), "sign-in not recorded", "error", err)
			s.Site.Fail(w, r, web.Broken)
			return
		}
		s.Site.Fail(w, r, notBegun)
		return
	}
	s.Log.InfoContext(r.Context(), "signed in", "login", p.Login, "repositories", len(p.Access))
	http.SetCookie(w, s.cookie(sessionCookie, base64.RawURLEncoding.EncodeToString(fresh), sessionLasts))
	http.Redirect(w, r, a.To, http.StatusSeeOther)
}

// fail shows why GitHub's answer gives no session.
func (s *SignIn) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem := unreachable
	switch {
	case errors.Is(err, errRefused):
		problem = refused
	case errors.Is(err, errMisconfigured):
		problem = misconfigured
	}
	problem.Link, problem.LinkText = "/signin", "Sign in again"
	s.Log.WarnContext(r.Context(), "sign-in failed", "error", err)
	s.Site.Fail(w, r, problem)
}

func (s *SignIn) showNobody(w http.ResponseWriter, r *http.Request, login string) {
	s.Site.Render(w, r, http.StatusForbidden, s.nobody, web.Page{Title: "No access", Data: struct{ Login string }{login}})
}

// signOut ends the session here, and its token at GitHub.
func (s *SignIn) signOut(w http.ResponseWriter, r *http.Request) {
	mine := s.secretOf(r)
	if mine != nil && !web.FormIsOf(r, mine) {
		s.Site.Fail(w, r, web.StaleForm)
		return
	}
	if mine != nil {
		if err := s.end(r.Context(), mine); err != nil {
			s.Log.ErrorContext(r.Context(), "not signed out", "error", err)
			s.Site.Fail(w, r, web.Broken)
			return
		}
	}
	http.SetCookie(w, s.cookie(sessionCookie, "", 0))
	http.Redirect(w, r, "/signin?out", http.StatusSeeOther)
}

// end ends a session, then its token.
func (s *SignIn) end(ctx context.Context, mine secret) error {
	var row ledger.Session
	err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
		if row, err = tx.Session(ctx, mine.id()); err != nil {
			return err
		}
		return tx.EndSession(ctx, row.ID)
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	var t tokens
	if err == nil && unseal(mine, "tokens", row.ID, row.Sealed, &t) == nil {
		s.forget(ctx, t)
	}
	return err
}

// forget ends a token at GitHub as well as it can.
func (s *SignIn) forget(ctx context.Context, t tokens) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeWithin)
	defer cancel()
	if err := s.github.revoke(ctx, t.Access); err != nil {
		s.Log.InfoContext(ctx, "a token of a session that has ended was not revoked", "error", err)
	}
}

// revokeWithin is how long a sign-out waits for GitHub.
const revokeWithin = 5 * time.Second

// shortened is a text of others, cut.
func shortened(text string) string { return text[:min(len(text), 60)] }
