package dashboard_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/dashboard"
	"github.com/rekey-app/rekey/app/signin"
	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// access is what a login may do, by repository.
type access map[int64]string

// world is a dashboard over a ledger on disk, and a GitHub that says who sees what.
type world struct {
	testing.TB
	now     time.Time
	github  *githubtest.Server
	store   *ledger.Store
	sql     *sql.DB
	front   *httptest.Server
	pages   *dashboard.Dashboard
	mu      sync.Mutex
	sees    map[string]access // by login
	private map[int64]bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), sees: map[string]access{}, private: map[int64]bool{}}
	var err error
	if w.github, err = githubtest.New(githubtest.Options{Now: w.Now, Quiet: true, PrivateKey: appKey()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.github.Close() })
	w.github.Inject(w.answer)
	file := filepath.Join(t.TempDir(), "rekey.db")
	if w.store, err = queue.OpenStore(t.Context(), ledger.Options{URL: file, Now: w.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.sql, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sql.Close() })
	w.front = httptest.NewUnstartedServer(nil)
	address := "http://" + w.front.Listener.Addr().String()
	w.github.SetCallbackURL(address + signin.Callback)
	site, err := web.New(web.Options{PublicURL: address, Version: "1.0.0", Log: slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	in, err := signin.New(signin.Config{
		Site: site, Store: ledger.Scope[signin.Tx](w.store), GitHubURL: w.github.URL(), GitHubAPIURL: w.github.APIURL(),
		ClientID: w.github.ClientID(), ClientSecret: w.github.ClientSecret(), Now: w.Now, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	w.pages, err = dashboard.New(dashboard.Config{
		Site: site, SignIn: in, Store: ledger.Scope[dashboard.Tx](w.store), GitHubURL: w.github.URL(), AppID: 4711, Now: w.Now, Log: log,
		Components: func(context.Context) []dashboard.Component {
			return []dashboard.Component{{Name: "database"}, {Name: "disk"}, {Name: "queue"}, {Name: "github"}}
		},
		Missing: func() string { return "the App lacks merge_queues: read: add them at https://github.example/settings" },
		Quotas:  func() []dashboard.Quota { return []dashboard.Quota{{Installation: 1, Limit: 5000, Remaining: 4321}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.front.Config.Handler = w.pages
	w.front.Start()
	t.Cleanup(w.front.Close)
	t.Cleanup(w.pages.Close)
	return w
}

// failing fails the test with what is logged as an error.
type failing struct{ testing.TB }

func (f failing) Write(b []byte) (int, error) {
	f.Errorf("logged: %s", b)
	return len(b), nil
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// may says what a person may do.
func (w *world) may(login string, a access) {
	w.github.User(login)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sees[login] = a
}

// answer answers in GitHub's place what a user sees: repositories are in the ledger alone.
func (w *world) answer(out http.ResponseWriter, r *http.Request, next http.Handler) {
	path, ours := strings.CutPrefix(r.URL.Path, "/api/v3/user/installations")
	if !ours {
		next.ServeHTTP(out, r)
		return
	}
	who := httptest.NewRecorder()
	ask := r.Clone(r.Context())
	ask.URL.Path, ask.URL.RawPath, ask.RequestURI = "/api/v3/user", "", "/api/v3/user"
	next.ServeHTTP(who, ask)
	var user struct{ Login string }
	if who.Code != http.StatusOK || json.Unmarshal(who.Body.Bytes(), &user) != nil {
		out.WriteHeader(who.Code)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.sees[user.Login]
	if path == "" {
		list := []map[string]any{}
		if len(mine) > 0 {
			list = append(list, map[string]any{"id": 1})
		}
		_ = json.NewEncoder(out).Encode(map[string]any{"total_count": len(list), "installations": list})
		return
	}
	var page int
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &page)
	list, i := []map[string]any{}, 0
	for _, id := range sorted(mine) {
		if i++; i > (page-1)*100 && i <= page*100 {
			role := mine[id]
			list = append(list, map[string]any{"id": id, "private": w.private[id], "permissions": map[string]bool{
				"pull": true, "push": role != "read", "maintain": role == "maintain" || role == "admin", "admin": role == "admin",
			}})
		}
	}
	_ = json.NewEncoder(out).Encode(map[string]any{"total_count": len(mine), "repositories": list})
}

// browser is one in which somebody has signed in.
type browser struct {
	*http.Client
	w *world
}

func (w *world) signedIn(login string) *browser {
	w.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	b := &browser{&http.Client{Jar: jar}, w}
	w.github.Browse(w.github.User(login))
	if status, body := b.get("/signin/github"); status != http.StatusOK || !strings.Contains(body, login) {
		w.Fatalf("%s can't sign in: %d\n%s", login, status, body)
	}
	return b
}

func (b *browser) get(path string) (int, string) {
	b.w.Helper()
	answer, err := b.Get(b.w.front.URL + path)
	if err != nil {
		b.w.Fatal(err)
	}
	return b.read(answer)
}

func (b *browser) read(answer *http.Response) (int, string) {
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.w.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func (b *browser) post(path string, values url.Values) (int, string) {
	b.w.Helper()
	answer, err := b.PostForm(b.w.front.URL+path, values)
	if err != nil {
		b.w.Fatal(err)
	}
	return b.read(answer)
}

// shows fails unless a page has a status, and holds the texts.
func (b *browser) shows(path string, status int, texts ...string) string {
	b.w.Helper()
	got, body := b.get(path)
	text := html.UnescapeString(body)
	if got != status {
		b.w.Errorf("%s: %d, want %d", path, got, status)
	}
	for _, want := range texts {
		if !strings.Contains(text, want) {
			b.w.Errorf("%s lacks %q:\n%s", path, want, body)
		}
	}
	return body
}

// tokenOf is the token of the forms on a page.
func tokenOf(body string) string {
	_, rest, _ := strings.Cut(body, `name="form_token" value="`)
	token, _, _ := strings.Cut(rest, `"`)
	return token
}

func (w *world) exec(statement string, args ...any) {
	w.Helper()
	if _, err := w.sql.ExecContext(w.Context(), statement, args...); err != nil {
		w.Fatalf("%v: %s", err, statement)
	}
}
