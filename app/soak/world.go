package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// probesEach is how many commits the first repository of each installation has for pushes that are watched one by one.
const probesEach = 100

// world is the stand-in for GitHub with its organisations, and the servers.
type world struct {
	settings
	began   time.Time
	dir     string
	github  *githubtest.Server
	clerk   *clerktest.Server
	seen    *recorder
	alone   durations // of pushes beside which nothing else happened
	tenants []*tenant
	servers []*server
	leaks   map[string]*repository // by the commit that brings a key
	drop    func()                 // drops the database
}

// tenant is an installation.
type tenant struct {
	installation *githubtest.Installation
	repositories []*repository
}

// repository is a repository with commits that are pushed one after the other.
type repository struct {
	*githubtest.Repository
	tenant  *tenant
	payload map[string]any // of a push to it
	commits []string
	next    int // the commit to be pushed next
}

// newWorld makes everything, and waits until the histories have been read.
func newWorld(ctx context.Context, s settings) (w *world, err error) {
	w = &world{settings: s, began: time.Now(), seen: newRecorder(), leaks: map[string]*repository{}, drop: func() {}}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.dir, err = os.MkdirTemp("", "soak-"); err != nil {
		return w, err
	}
	if w.github, err = githubtest.New(githubtest.Options{HourlyLimit: 1_000_000}); err != nil {
		return w, err
	}
	w.github.Inject(w.seen.watch)
	w.clerk = clerktest.New(time.Now)
	if err := w.organisations(ctx); err != nil {
		return w, err
	}
	w.say("%d repositories of %d installations", s.Repositories, s.Installations)
	if err := w.startServers(ctx); err != nil {
		return w, err
	}
	if err := w.historiesRead(ctx); err != nil {
		return w, err
	}
	w.say("all histories have been read")
	return w, nil
}

func (w *world) close() {
	for _, s := range w.servers {
		s.stop()
	}
	w.drop()
	if w.github != nil {
		_ = w.github.Close()
	}
	if w.clerk != nil {
		w.clerk.Close()
	}
	if w.Keep {
		w.say("left: %s", w.dir)
	} else if w.dir != "" {
		_ = os.RemoveAll(w.dir)
	}
}

// organisations makes repositories with all the commits that will be pushed, several at once.
func (w *world) organisations(ctx context.Context) error {
	ada := w.github.User("ada")
	var list []*repository
	for i := range w.Installations {
		account := w.github.Organization(fmt.Sprintf("org%02d", i))
		t := &tenant{}
		for n := i; n < w.Repositories; n += w.Installations {
			r, err := w.github.CreateRepository(account, fmt.Sprintf("repo%03d", n), githubtest.RepositoryOptions{Private: true})
			if err != nil {
				return err
			}
			r.SetRole(ada, "admin")
			t.repositories = append(t.repositories, &repository{Repository: r, tenant: t})
		}
		w.tenants, list = append(w.tenants, t), append(list, t.repositories...)
	}
	if err := eachAtOnce(list, w.commit); err != nil {
		return err
	}
	for i, t := range w.tenants {
		t.installation, _ = w.github.Install(ctx, w.github.Organization(fmt.Sprintf("org%02d", i)), ada)
	}
	return eachAtOnce(list, func(r *repository) error { return r.learnPayload(ctx) })
}

// commit makes a repository's history, and what will be pushed to it. The last push of the burst to each installation's last
// repository leaks a key.
func (w *world) commit(r *repository) error {
	n := 1 + w.Pushes/w.Repositories
	leaky := n - 1
	of := r.tenant
	switch {
	case of == w.tenants[0]:
		n += (w.Noise+len(of.repositories)-1)/len(of.repositories) + killedPushes
	case r == of.repositories[0]:
		n += probesEach
	}
	changes := make([]githubtest.Change, n)
	for i := range changes {
		changes[i].Files = map[string]string{
			fmt.Sprintf("src/%d.go", i%5): fmt.Sprintf("package src\n\nconst N%d = %d\n", i%5, i), "docs/log.md": fmt.Sprintf("# Change %d\n", i),
			"src/table.csv": fmt.Sprintf("%d,%s\n", i, r.Name()),
		}
	}
	leaks := r == of.repositories[len(of.repositories)-1]
	if leaks {
		changes[leaky].Files[".env"] = "CLERK_SECRET_KEY=" + detecttest.Key(r.ID(), detect.Live) + "\n"
	}
	var err error
	if r.commits, err = r.Commits(changes); err != nil {
		return err
	}
	if leaks {
		w.seen.mu.Lock()
		w.leaks[r.commits[leaky]] = r
		w.seen.mu.Unlock()
	}
	r.next = 1
	return nil
}

// learnPayload pushes the first commit while nobody listens, and keeps what GitHub would have sent.
func (r *repository) learnPayload(ctx context.Context) error {
	sent, err := r.Push(ctx, githubtest.Push{SHA: r.commits[0]})
	if err != nil || len(sent) == 0 {
		return fmt.Errorf("push to %s: %d deliveries, %w", r.FullName(), len(sent), err)
	}
	if err := r.SetRef("refs/heads/main", r.commits[0]); err != nil {
		return err
	}
	return r.keep(sent[0].Payload)
}

// startServers starts the servers, all at once: the database is empty.
func (w *world) startServers(ctx context.Context) error {
	database, err := w.database(ctx)
	if err != nil {
		return err
	}
	environment := []string{
		"REKEY_LISTEN=127.0.0.1:0", "REKEY_DATABASE_URL=" + database, "REKEY_GITHUB_URL=" + w.github.URL(), "REKEY_GITHUB_API_URL=" + w.github.APIURL(),
		"REKEY_APP_ID=" + strconv.FormatInt(w.github.AppID(), 10), "REKEY_PRIVATE_KEY=" + string(w.github.PrivateKeyPEM()),
		"REKEY_WEBHOOK_SECRET=" + w.github.WebhookSecret(), "REKEY_CLERK_API_URL=" + w.clerk.URL, "REKEY_LOG=info", "TMPDIR=" + w.dir,
	}
	if !w.GitHubPace {
		environment = append(environment, pauseVariable+"=1ms")
	}
	w.servers = make([]*server, w.Processes)
	errs := make([]error, w.Processes)
	var started sync.WaitGroup
	for i := range w.servers {
		started.Go(func() {
			own := append(slices.Clone(environment), "REKEY_DATA="+filepath.Join(w.dir, fmt.Sprintf("data%d", i)))
			w.servers[i], errs[i] = startServer(ctx, own, filepath.Join(w.dir, fmt.Sprintf("log%d", i)))
		})
	}
	started.Wait()
	for i, err := range errs {
		if err != nil {
			w.servers = append(w.servers[:i:i], w.servers[i+1:]...)
			return err
		}
	}
	w.github.SetWebhookURL("http://" + w.servers[0].host + "/webhook")
	return nil
}

// database makes a database of its own on PostgreSQL; "" stands for SQLite.
func (w *world) database(ctx context.Context) (string, error) {
	if w.Store != "postgres" {
		return "", nil
	}
	u, err := url.Parse(w.Postgres)
	if err != nil {
		return "", err
	}
	db, err := sql.Open("pgx", w.Postgres)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("rekey_soak_%d", time.Now().UnixNano())
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	w.drop = func() {
		defer db.Close()
		if w.Keep {
			w.say("left: the database %s", name)
			return
		}
		if _, err := db.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			w.say("%v", err)
		}
	}
	u.Path = "/" + name
	return u.String(), nil
}

// historiesRead waits until the history of each repository has been read.
func (w *world) historiesRead(ctx context.Context) error {
	const done = `rekey_repositories{state="done"}`
	return w.eventually(ctx, "histories to be read", func() (bool, error) {
		states, err := w.alive()[0].gauges(ctx, "rekey_repositories{")
		return int(states[done]) >= w.Repositories, err
	})
}

// alive are the servers that have not been killed.
func (w *world) alive() (list []*server) {
	for _, s := range w.servers {
		if !s.gone {
			list = append(list, s)
		}
	}
	return list
}

// patience is how long anything may take at most: a run that hangs ends.
const patience = 30 * time.Minute

func (w *world) eventually(ctx context.Context, what string, done func() (bool, error)) error {
	for deadline := time.Now().Add(patience); ; {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited in vain for %s", what)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// eachAtOnce calls do for each of a list, a few at once.
func eachAtOnce[T any](list []T, do func(T) error) error {
	const atOnce = 4
	items, failed := make(chan T), make(chan error, atOnce)
	var workers sync.WaitGroup
	for range atOnce {
		workers.Go(func() {
			var first error
			for item := range items {
				if first == nil {
					first = do(item)
				}
			}
			if first != nil {
				failed <- first
			}
		})
	}
	for _, item := range list {
		items <- item
	}
	close(items)
	workers.Wait()
	close(failed)
	return <-failed
}
