package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/serve"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
	"github.com/rekey-app/rekey/respond/text"
)

// world is a stand-in GitHub with an organisation's repository, and the server that receives its webhooks.
type world struct {
	t      testing.TB
	ctx    context.Context
	github *githubtest.Server
	clerk  *clerktest.Server
	shop   *githubtest.Repository
	ada    *githubtest.Account // may do everything
	sam    *githubtest.Account // may read
	app    *githubtest.Installation
	flags  config.Flags
	tune   tuning
	server *serve.Server
	logs   *syncBuffer
	keys   []string // handed out by key
	// tracing is what a server that is started traces with; nil: nothing.
	tracing *observe.Tracing
	// environment is what spawned servers get beside their settings.
	environment  []string
	recoverEvery time.Duration
	settled      time.Duration // how long GitHub may take to do what a failed request asked for
}

// tuning changes what no setting does; see serve.Options.
type tuning = func(*github.Config, *queue.Config)

// hurried lets GitHub on loopback be written to as fast as it takes it.
func hurried(c *github.Config, _ *queue.Config) { c.WritePause = time.Millisecond }

// newWorld starts GitHub and the server, and installs the App on an empty repository.
func newWorld(t testing.TB, options githubtest.Options, tune ...tuning) *world {
	t.Helper()
	options.PrivateKey = appKey()
	gh, err := githubtest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gh.Close(); err != nil {
			t.Errorf("closing the stand-in: %v", err)
		}
	})
	clerk := clerktest.New(time.Now)
	t.Cleanup(clerk.Close)
	w := &world{t: t, ctx: t.Context(), github: gh, clerk: clerk, logs: &syncBuffer{}, settled: 200 * time.Millisecond, ada: gh.User("ada"), sam: gh.User("sam")}
	if w.tune = hurried; len(tune) > 0 {
		w.tune = tune[0]
	}
	w.flags = config.Flags{
		Listen: "127.0.0.1:0", Data: emptyLedger(t), GitHubURL: gh.URL(), GitHubAPIURL: gh.APIURL(), AppID: strconv.FormatInt(gh.AppID(), 10),
		PrivateKey: string(gh.PrivateKeyPEM()), WebhookSecret: gh.WebhookSecret(), DatabaseURL: testDatabase(t),
		ClerkAPIURL: clerk.URL, Log: "debug",
	}
	w.start()
	t.Cleanup(w.stop)
	acme := gh.Organization("acme")
	if w.shop, err = gh.CreateRepository(acme, "shop", githubtest.RepositoryOptions{Private: true}); err != nil {
		t.Fatal(err)
	}
	w.shop.SetRole(w.ada, "admin")
	w.shop.SetRole(w.sam, "read")
	w.app, _ = gh.Install(w.ctx, acme, w.ada)
	return w
}

// appKey is the App's private key in these tests: to find one takes a moment.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// migrated is a ledger with nothing in it, in SQLite: to migrate one takes a moment.
var migrated = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "rekey-app-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "rekey.db")
	store, err := queue.OpenStore(context.Background(), ledger.Options{URL: path})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		panic(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return text
})

// emptyLedger makes a data directory with such a ledger.
func emptyLedger(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rekey.db"), migrated(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// testDatabase makes a database of its own in PostgreSQL where REKEY_TEST_POSTGRES_URL names a server, with a ledger in which there is
// nothing; else it returns "", for SQLite.
func testDatabase(t testing.TB) string {
	t.Helper()
	server := os.Getenv("REKEY_TEST_POSTGRES_URL")
	if server == "" {
		return ""
	}
	db, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("rekey_app_%d", time.Now().UnixNano())
	if _, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE " + migratedPostgres()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
		db.Close()
	})
	return databaseURL(server, name)
}

func databaseURL(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + name
	return u.String()
}

// migratedPostgres is the name of a database with a ledger in which there is nothing: to migrate one takes a second. See dropMigrated.
var migratedPostgres = sync.OnceValue(func() string {
	name := fmt.Sprintf("rekey_app_empty_%d", time.Now().UnixNano())
	server := os.Getenv("REKEY_TEST_POSTGRES_URL")
	db, err := sql.Open("pgx", server)
	if err != nil {
		panic(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		panic(err)
	}
	dropMigrated = func() error {
		db, err := sql.Open("pgx", server)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		return err
	}
	store, err := queue.OpenStore(context.Background(), ledger.Options{URL: databaseURL(server, name)})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		panic(err)
	}
	return name
})

// dropMigrated drops that database, where it was made.
var dropMigrated = func() error { return nil }

func (w *world) start() {
	w.t.Helper()
	cfg, err := w.flags.Resolve()
	if err != nil {
		w.t.Fatal(err)
	}
	w.server, err = serve.New(context.WithoutCancel(w.ctx), cfg, serve.Options{
		Log: slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})), Version: "test",
		Tune: w.tune, Settle: w.settled, RecoverEvery: w.recoverEvery, Tracing: w.tracing,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.github.SetWebhookURL(w.url("/webhook"))
}

func (w *world) stop() {
	if w.server == nil {
		return
	}
	if err := w.server.Close(); err != nil {
		w.t.Errorf("stopping the server: %v", err)
	}
	w.server = nil
}

func (w *world) url(path string) string { return "http://" + w.server.Addr().String() + path }

// key makes a credential that must appear nowhere.
func (w *world) key(seed int64, env detect.Environment) string {
	key := detecttest.Key(seed, env)
	w.keys = append(w.keys, key)
	return key
}

// commit makes a commit and fails the test if it cannot.
func (w *world) commit(r *githubtest.Repository, c githubtest.Change) string {
	w.t.Helper()
	if c.Author == nil {
		c.Author = w.ada
	}
	sha, err := r.Commit(c)
	if err != nil {
		w.t.Fatal(err)
	}
	return sha
}

// push points a ref to a commit, and demands that the delivery is accepted.
func (w *world) push(r *githubtest.Repository, ref, sha string) {
	w.t.Helper()
	sent, err := r.Push(w.ctx, githubtest.Push{Ref: ref, SHA: sha, By: w.ada})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range sent {
		if d.Status != http.StatusAccepted {
			w.t.Fatalf("%s was answered %d: %s", d.Event, d.Status, d.Answer)
		}
	}
}

// pushed commits files to the default branch and pushes them.
func (w *world) pushed(files map[string]string) string {
	w.t.Helper()
	sha := w.commit(w.shop, githubtest.Change{Files: files})
	w.push(w.shop, "refs/heads/main", sha)
	return sha
}

// keyChecks lists a commit's check runs but for those about its Clerk configuration.
func keyChecks(r *githubtest.Repository, sha string) []githubtest.CheckRun {
	return slices.DeleteFunc(r.CheckRuns(sha), func(run githubtest.CheckRun) bool { return run.Name == text.AuditCheckName })
}

// check waits for the one completed check run of a commit about its keys.
func (w *world) check(r *githubtest.Repository, sha string) githubtest.CheckRun {
	w.t.Helper()
	var runs []githubtest.CheckRun
	w.eventually("a completed check run on "+sha, func() bool {
		runs = keyChecks(r, sha)
		return len(runs) > 0 && runs[0].Status == "completed"
	})
	w.settle()
	runs = keyChecks(r, sha)
	if len(runs) != 1 {
		w.t.Fatalf("%d check runs on %s, want 1", len(runs), sha)
	}
	return runs[0]
}

// issues waits until all is done, and demands that there are n issues.
func (w *world) issues(n int) []githubtest.Issue {
	w.t.Helper()
	w.settle()
	return w.filed(n)
}

const testTimeout = 60 * time.Second

func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(testTimeout)
	for !done() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain for %s; the log:\n%s", what, w.logs.tail())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// holdsNoKey demands that no key stands in what the server wrote: requests to GitHub, the log, and the files of the data
// directory, the database among them.
func (w *world) holdsNoKey() {
	w.t.Helper()
	look := func(where string, text []byte) {
		for _, key := range w.keys {
			if bytes.Contains(text, []byte(key)) || bytes.Contains(text, []byte(key[len("sk_live_"):])) {
				w.t.Errorf("%s holds a key", where)
			}
		}
	}
	for _, r := range w.github.Requests() {
		look(r.Method+" "+r.Path, slices.Concat(r.Body, []byte(r.Path+r.Query)))
	}
	look("the log", []byte(w.logs.String()))
	entries, err := os.ReadDir(w.flags.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(w.flags.Data, entry.Name()))
		if err != nil {
			w.t.Fatal(err)
		}
		look(entry.Name(), text)
	}
}

// places lists a check run's annotations as path:line:column.
func places(run githubtest.CheckRun) []string {
	var list []string
	for _, a := range run.Annotations {
		list = append(list, fmt.Sprintf("%s:%d:%d", a.Path, a.StartLine, a.StartColumn))
	}
	slices.Sort(list)
	return list
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *syncBuffer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}

func (s *syncBuffer) tail() string {
	text := s.String()
	return text[max(0, len(text)-6000):]
}
