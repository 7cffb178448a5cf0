package app

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/queue"
)

// relay stands between the server and PostgreSQL.
type relay struct {
	url string // of the database, through the relay

	mu     sync.Mutex
	mode   relayMode
	turned chan struct{} // closed when the mode changes
	conns  map[net.Conn]bool
}

// relayMode is what a relay does with what it gets.
type relayMode int

const (
	passing  relayMode = iota
	refusing           // as a server that is gone: what is open ends, and what is new ends at once
	holding            // as a server that was stopped by SIGSTOP: it takes connections and bytes, and answers nothing until it goes on
)

func newRelay(t *testing.T, database string) *relay {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{turned: make(chan struct{}), conns: map[net.Conn]bool{}}
	server := u.Host
	u.Host = listener.Addr().String()
	r.url = u.String()
	t.Cleanup(func() { listener.Close(); r.turn(refusing) })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go r.connect(client, server)
		}
	}()
	return r
}

// turn changes what the relay does.
func (r *relay) turn(mode relayMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = mode
	close(r.turned)
	r.turned = make(chan struct{})
	if mode == refusing {
		for c := range r.conns {
			c.Close()
			delete(r.conns, c)
		}
	}
}

// await returns when the relay passes on what it gets; false: it ends connections.
func (r *relay) await() bool {
	for {
		r.mu.Lock()
		mode, turned := r.mode, r.turned
		r.mu.Unlock()
		if mode != holding {
			return mode == passing
		}
		<-turned
	}
}

func (r *relay) connect(client net.Conn, server string) {
	defer client.Close()
	if !r.await() {
		return
	}
	upstream, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	r.mu.Lock()
	r.conns[client], r.conns[upstream] = true, true
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { r.pass(client, upstream) })
	both.Go(func() { r.pass(upstream, client) })
	both.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, client)
	delete(r.conns, upstream)
}

func (r *relay) pass(from, to net.Conn) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if !r.await() {
			return
		}
		if _, failed := to.Write(buffer[:n]); err != nil || failed != nil {
			return
		}
	}
}

// TestOutagesOfPostgreSQL: while the database is gone, stopped, or another server takes its place, deliveries are answered 503 before
// GitHub gives up, so that it lists them as failed. Afterwards everything goes on by itself.
func TestOutagesOfPostgreSQL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{}, func(c *github.Config, q *queue.Config) {
		hurried(c, q)
		q.HeartbeatTimeout = 6 * time.Second // so that an outage is longer
	})
	if w.flags.DatabaseURL == "" {
		t.Skip("REKEY_TEST_POSTGRES_URL is not set")
	}
	direct := w.flags.DatabaseURL
	w.check(w.shop, w.pushed(map[string]string{".env": env(w.key(990, detect.Live))}))
	w.issues(1)
	w.stop()
	r := newRelay(t, direct)
	w.flags.DatabaseURL = r.url
	w.start()
	for i, outage := range []struct {
		name string
		mode relayMode
		do   func() // meanwhile
	}{
		{"it restarts", refusing, nil},
		{"it is stopped, and goes on", holding, nil},
		{"a copy takes its place", refusing, func() { w.copyDatabase(direct) }},
	} {
		r.turn(outage.mode)
		sha := w.begunUnheard(i)
		if ready := w.status("/readyz"); ready != http.StatusServiceUnavailable {
			t.Errorf("%s: /readyz answers %d meanwhile", outage.name, ready)
		}
		if outage.do != nil {
			outage.do()
		}
		r.turn(passing)
		w.eventually(outage.name+": the delivery to be taken", func() bool {
			again, err := w.github.Redeliver(w.ctx, w.lastPush().ID)
			return err == nil && again.OK()
		})
		w.check(w.shop, sha)
		w.eventually(outage.name+": the server to be ready again", func() bool { return w.status("/readyz") == http.StatusOK })
	}
	w.pushed(map[string]string{"again.env": env(w.keys[0])})
	w.settle()
	w.issues(1) // what was known before is known
}

// begunUnheard pushes a commit whose delivery must be answered 503: at 504 GitHub has given up.
func (w *world) begunUnheard(n int) string {
	w.t.Helper()
	sha := w.commit(w.shop, githubtest.Change{Files: map[string]string{"n": string(rune('a' + n))}})
	if _, err := w.shop.Push(w.ctx, githubtest.Push{SHA: sha, By: w.ada}); err != nil {
		w.t.Fatal(err)
	}
	if d := w.lastPush(); d.Status != http.StatusServiceUnavailable {
		w.t.Errorf("the delivery was answered %d: %s", d.Status, d.Answer)
	}
	return sha
}

func (w *world) lastPush() (last githubtest.Delivery) {
	for _, d := range w.github.Deliveries() {
		if d.Event == "push" {
			last = d
		}
	}
	return last
}

// status asks the server for a page.
func (w *world) status(page string) int {
	w.t.Helper()
	q, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.url(page), http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body) // the status is all
	return answer.StatusCode
}

// copyDatabase puts a copy of the database in its place.
func (w *world) copyDatabase(database string) {
	w.t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		w.t.Fatal(err)
	}
	name := path.Base(u.Path)
	u.Path = "/postgres"
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	w.t.Cleanup(func() {
		if old, err := sql.Open("pgx", u.String()); err == nil {
			_, _ = old.Exec("DROP DATABASE IF EXISTS " + name + "_old WITH (FORCE)")
			old.Close()
		}
	})
	for _, statement := range []string{
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'",
		"ALTER DATABASE " + name + " RENAME TO " + name + "_old",
		"CREATE DATABASE " + name + " TEMPLATE " + name + "_old",
	} {
		if _, err := db.ExecContext(w.ctx, statement); err != nil {
			w.t.Fatalf("%s: %v", statement, err)
		}
	}
}
