package signin_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// manyRepositories answers for an installation that reaches n repositories, 100 on a page as GitHub does.
func manyRepositories(n int) githubtest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/repositories") || !strings.Contains(r.URL.Path, "/user/installations/") {
			next.ServeHTTP(w, r)
			return
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		list := []map[string]any{}
		for i := (page - 1) * 100; i < min(page*100, n); i++ {
			list = append(list, map[string]any{"id": 1000 + i, "private": true, "permissions": map[string]bool{"pull": true}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"total_count": n, "repositories": list})
	}
}

// signedIn is a browser in which ada has signed in.
func (w *world) signedIn() *browser {
	w.Helper()
	b := w.browser()
	b.shows("ada", "/signin/github", http.StatusOK, "login=ada "+sees(w.shop, w.site))
	return b
}

// TestAccessAges: what changes on GitHub counts here within five minutes.
func TestAccessAges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	w.shop.SetRole(w.ada, "none")
	w.docs.SetRole(w.ada, "maintain")
	w.pass(4 * time.Minute)
	b.shows("after four minutes", "/", http.StatusOK, sees(w.shop, w.site))
	w.pass(2 * time.Minute)
	b.shows("after six", "/", http.StatusOK, sees(w.site, w.docs)+" shop=none")
}

// TestAccessIsStale: where a webhook says that something changed, GitHub is asked at once, and nothing is shown while it can't be.
func TestAccessIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	stale := func() {
		w.pass(time.Second)
		if err := w.store.Update(t.Context(), func(ctx context.Context, tx *ledger.Tx) error { return tx.StaleSessions(ctx) }); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	w.acme.Remove(t.Context(), w.ada, w.shop)
	stale()
	w.github.Inject(githubtest.Answer(http.StatusBadGateway, "no"))
	b.shows("GitHub is down", "/", http.StatusServiceUnavailable, "GitHub can't be reached")
	w.github.Inject(nil)
	w.pass(15 * time.Second)
	b.shows("it is up again", "/", http.StatusOK, sees(w.site))
}

// TestAccessEnds: a person who left, and an installation that was suspended or removed while the page was open.
func TestAccessEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"left": func(w *world) {
			for _, r := range []*githubtest.Repository{w.shop, w.site, w.docs} {
				r.SetRole(w.ada, "none")
			}
		},
		"suspended": func(w *world) { w.acme.Suspend(w.Context(), w.ada) },
		"removed":   func(w *world) { w.acme.Uninstall(w.Context(), w.ada) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.signedIn()
			end(w)
			w.pass(6 * time.Minute)
			body := b.shows("afterwards", "/", http.StatusForbidden, "You see no repository")
			if strings.Contains(body, "acme") {
				t.Error("the page names the organisation")
			}
			b.shows("and then", "/", http.StatusOK, "Sign in with GitHub")
		})
	}
}

// TestGitHubFails: the last answer serves for a quarter of an hour, which the page says; a token that GitHub refuses ends the session.
func TestGitHubFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	w.github.Inject(githubtest.Answer(http.StatusServiceUnavailable, "no"))
	w.pass(6 * time.Minute)
	b.shows("after six minutes", "/", http.StatusOK, sees(w.shop, w.site)+" shop=read outdated=true")
	w.pass(10 * time.Minute)
	b.shows("after sixteen", "/leaks", http.StatusServiceUnavailable, "GitHub can't be reached")
	b.shows("by the API", "/api/v1/leaks", http.StatusServiceUnavailable, `"error":"GitHub can't be asked`)
	w.github.Inject(nil)
	w.pass(11 * time.Second)
	b.shows("when it is back", "/", http.StatusOK, "outdated=false")

	w.github.RevokeAuthorization(t.Context(), w.ada)
	w.pass(6 * time.Minute)
	b.shows("taken back", "/leaks", http.StatusOK, "Your session has ended")
	b.shows("by the API", "/api/v1/leaks", http.StatusUnauthorized, "sign in")
}

// TestLimitedIsNotGone: who asks GitHub too much does not look like somebody who sees nothing.
func TestLimitedIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	w.github.Inject(func(out http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/repositories") {
			out.Header().Set("X-RateLimit-Remaining", "0")
			githubtest.Answer(http.StatusForbidden, "API rate limit exceeded")(out, r, next)
			return
		}
		next.ServeHTTP(out, r)
	})
	w.pass(6 * time.Minute)
	b.shows("limited", "/", http.StatusOK, sees(w.shop, w.site)+" shop=read outdated=true")
}

// TestTokensAreRenewedOnce: a refresh token is good for once, and requests in two processes need new tokens at the same time.
func TestTokensAreRenewedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	_, second := w.start()
	cookies := b.Jar.Cookies(mustParse(w.address))
	b.Jar.SetCookies(mustParse(second.URL), cookies)
	for round := 1; round <= 2; round++ {
		w.pass(8 * time.Hour)
		var all sync.WaitGroup
		for i := range 12 {
			all.Go(func() {
				address := w.address
				if i%2 == 1 {
					address = second.URL
				}
				answer, err := b.Get(address + "/")
				if err != nil {
					t.Error(err)
					return
				}
				defer answer.Body.Close()
				if answer.StatusCode != http.StatusOK || answer.Request.URL.Path != "/" {
					t.Errorf("round %d: %d at %s", round, answer.StatusCode, answer.Request.URL)
				}
			})
		}
		all.Wait()
		if n := w.github.Renewals(); n != round {
			t.Errorf("round %d: tokens were renewed %d times", round, n)
		}
	}
	// One that ends before its time is renewed too.
	w.github.ExpireUserTokens()
	w.pass(6 * time.Minute)
	b.shows("expired early", "/", http.StatusOK, "login=ada")
	if n := w.github.Renewals(); n != 3 {
		t.Errorf("tokens were renewed %d times", n)
	}
}

func TestSessionsEndByThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.signedIn()
	used := w.signedIn()
	for range 7 {
		w.pass(23 * time.Hour)
		used.shows("used daily", "/", http.StatusOK, "login=ada")
	}
	idle.shows("unused for a day", "/", http.StatusOK, "Sign in with GitHub")
	w.pass(8 * time.Hour)
	used.shows("after a week", "/", http.StatusOK, "Sign in with GitHub")
}

// TestTheDatabaseOpensNothing: what is on record of a session holds neither its cookie nor its tokens.
func TestTheDatabaseOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn()
	var cookie string
	for _, c := range b.Jar.Cookies(mustParse(w.address)) {
		if c.Name == "rekey_session" {
			cookie = c.Value
		}
	}
	if len(cookie) != 43 {
		t.Fatalf("the cookie has %d characters", len(cookie))
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range []string{w.file, w.file + "-wal"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	if !bytes.Contains(all, []byte("sessions")) || !bytes.Contains(all, []byte("ada")) {
		t.Fatal("this is not the database")
	}
	for _, part := range []string{cookie, string(raw), "ghu_", "ghr_", "access_token"} {
		if bytes.Contains(all, []byte(part)) {
			t.Errorf("the database holds %q", part)
		}
	}
}
