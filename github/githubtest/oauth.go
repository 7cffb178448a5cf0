package githubtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The lifetimes of what signing in gives.
const (
	codeLifetime    = 10 * time.Minute
	userLifetime    = 8 * time.Hour
	refreshLifetime = 184 * 24 * time.Hour
)

// oauth is what the App's users were given. The server's lock guards it.
type oauth struct {
	secret   string
	callback string // the registered address; "": none
	browser  *Account
	codes    map[string]*code
	users    map[string]*authorization // by access token
	renewals map[string]*authorization // by refresh token
	renewed  int
}

type code struct {
	who         *Account
	redirectURI string
	challenge   string
	until       time.Time
}

// authorization is a user's consent, with the tokens of one sign-in.
type authorization struct {
	who             *Account
	access, refresh string
	until, renewal  time.Time
}

func newOAuth() oauth {
	return oauth{
		secret: "client-" + rand.Text(), codes: map[string]*code{}, users: map[string]*authorization{}, renewals: map[string]*authorization{},
	}
}

// ClientID is the App's, as the client of OAuth.
func (s *Server) ClientID() string { return "Iv1." + itoa(s.opt.AppID) }

// ClientSecret goes with ClientID.
func (s *Server) ClientSecret() string { return s.oauth.secret }

// SetCallbackURL registers where people come back to after signing in: there, and below it.
func (s *Server) SetCallbackURL(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.callback = address
}

// Browse says who sits in front of the browser, has signed in to GitHub, and authorized the App before: they are sent back at once.
// With nil GitHub asks, and lists the people that it knows.
func (s *Server) Browse(who *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.browser = who
}

// Renewals is how often tokens of users were renewed.
func (s *Server) Renewals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.oauth.renewed
}

// ExpireUserTokens ends the access tokens of all users before their time; refresh tokens stay.
func (s *Server) ExpireUserTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.oauth.users {
		a.until = time.Time{}
	}
}

// RevokeAuthorization is a person taking back what the App may do in their name. It sends github_app_authorization.revoked.
func (s *Server) RevokeAuthorization(ctx context.Context, who *Account) Delivery {
	s.mu.Lock()
	for _, a := range s.oauth.users {
		if a.who == who {
			s.oauth.forget(a)
		}
	}
	d := s.delivery("github_app_authorization", 0, nil, who, object{"action": "revoked"})
	s.mu.Unlock()
	return s.send(ctx, d)
}

func (o *oauth) forget(a *authorization) {
	delete(o.users, a.access)
	delete(o.renewals, a.refresh)
}

var consentPage = template.Must(template.New("").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Authorize {{.App}}</title>
<main><h1>Authorize {{.App}}</h1><p>This stands in for GitHub. Whom do you want to be?</p>
<ul>{{range .People}}<li><a href="{{.URL}}">Continue as {{.Login}}</a></li>{{end}}</ul></main></html>`))

// authorize is GET /login/oauth/authorize, where a browser comes to.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	to, err := url.Parse(cmp.Or(query.Get("redirect_uri"), s.oauth.callback))
	registered, _ := url.Parse(s.oauth.callback)
	switch {
	case query.Get("client_id") != s.ClientID():
		http.NotFound(w, r)
		return
	case err != nil || s.oauth.callback == "" || to.Scheme != registered.Scheme || to.Host != registered.Host || !strings.HasPrefix(to.Path, registered.Path):
		http.Error(w, "The redirect_uri is not associated with this application.", http.StatusBadRequest)
		return
	}
	back := func(values url.Values) {
		values.Set("state", query.Get("state"))
		to.RawQuery = values.Encode()
		http.Redirect(w, r, to.String(), http.StatusFound)
	}
	who := s.oauth.browser
	if as := s.accounts[strings.ToLower(query.Get("as"))]; as != nil && who == nil {
		who = as
	}
	switch {
	case query.Get("deny") != "":
		back(url.Values{"error": {"access_denied"}, "error_description": {"The user has denied your application access."}})
	case query.Get("code_challenge") != "" && query.Get("code_challenge_method") != "S256":
		back(url.Values{"error": {"invalid_request"}, "error_description": {"Only S256 is accepted as code_challenge_method."}})
	case who == nil:
		s.askWho(w, r)
	default:
		made := rand.Text()
		s.oauth.codes[made] = &code{who, query.Get("redirect_uri"), query.Get("code_challenge"), s.opt.Now().Add(codeLifetime)}
		back(url.Values{"code": {made}})
	}
}

func (s *Server) askWho(w http.ResponseWriter, r *http.Request) {
	type person struct{ Login, URL string }
	var people []person
	for _, a := range s.accounts {
		if a.Type == "User" {
			query := r.URL.Query()
			query.Set("as", a.Login)
			people = append(people, person{a.Login, "?" + query.Encode()})
		}
	}
	slices.SortFunc(people, func(a, b person) int { return cmp.Compare(a.Login, b.Login) })
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = consentPage.Execute(w, map[string]any{"App": s.opt.AppSlug, "People": people}) // the browser may be gone
}

// exchange is POST /login/oauth/access_token. What it refuses it answers with 200, as GitHub does.
func (s *Server) exchange(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(code, description string) {
		writeOAuth(w, object{"error": code, "error_description": description, "error_uri": "https://docs.github.com/apps"})
	}
	if r.FormValue("client_id") != s.ClientID() || r.FormValue("client_secret") != s.oauth.secret {
		refuse("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
		return
	}
	if r.FormValue("grant_type") == "refresh_token" {
		old := s.oauth.renewals[r.FormValue("refresh_token")]
		if old == nil || !s.opt.Now().Before(old.renewal) {
			refuse("bad_refresh_token", "The refresh token passed is incorrect or expired.")
			return
		}
		s.oauth.forget(old) // both of its tokens end
		s.oauth.renewed++
		s.grant(w, old.who)
		return
	}
	c := s.oauth.codes[r.FormValue("code")]
	delete(s.oauth.codes, r.FormValue("code")) // good for one try
	verifier := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	switch {
	case c == nil || !s.opt.Now().Before(c.until),
		c.challenge != "" && base64.RawURLEncoding.EncodeToString(verifier[:]) != c.challenge:
		refuse("bad_verification_code", "The code passed is incorrect or expired.")
	case c.redirectURI != r.FormValue("redirect_uri"):
		refuse("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
	default:
		s.grant(w, c.who)
	}
}

func (s *Server) grant(w http.ResponseWriter, who *Account) {
	now := s.opt.Now()
	a := &authorization{
		who: who, access: "ghu_" + (rand.Text() + rand.Text())[:36], refresh: "ghr_" + (rand.Text() + rand.Text() + rand.Text())[:76],
		until: now.Add(userLifetime), renewal: now.Add(refreshLifetime),
	}
	s.oauth.users[a.access], s.oauth.renewals[a.refresh] = a, a
	writeOAuth(w, object{
		"access_token": a.access, "expires_in": int(userLifetime.Seconds()), "refresh_token": a.refresh,
		"refresh_token_expires_in": int(refreshLifetime.Seconds()), "scope": "", "token_type": "bearer",
	})
}

func writeOAuth(w http.ResponseWriter, body object) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // the client's going away is the client's affair
}
