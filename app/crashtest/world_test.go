package crashtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// setting says what kind of run it is.
type setting struct {
	seed          uint64
	lasts         time.Duration // how long people work and processes are killed
	postgres      string        // address of a server; "": SQLite
	replicas      int
	installations int
	repositories  int // of each installation
	people        int // who work at once
}

// world is GitHub, the servers, and the people.
type world struct {
	t           testing.TB
	set         setting
	github      *githubtest.Server
	clerk       *clerktest.Server
	balancer    *balancer
	faults      *faults
	log         *journal
	db          *sql.DB // the ledger, to look at
	data        string
	url         string // of the database
	environment []string
	processes   []*process
	people      map[string]*githubtest.Account
	ada, sam    *githubtest.Account
	free        chan *repository // that people may work on
	office      *rand.Rand       // of what administrators do
	made        int              // organizations and repositories: names are used once
	trash       []string         // directories of git repositories that are deleted
	sum         totals

	mu            sync.Mutex
	rng           *rand.Rand // of signals
	installations []*installation
	repositories  []*repository
	wrong         []string
	counts        map[string]int // signals, and what administrators and strangers did
	keys          map[string]bool
	have          map[string]bool      // deliveries that the ledger has been seen to have
	concludedAt   map[string]time.Time // commit to when its check run was first sent
	effects       int                  // requests that changed something on GitHub
	closed        map[string]int       // issue to how often we closed it, by deliveries that are not in GitHub's log any more
	interrupted   map[int64]interrupted
	gone          map[int64]bool // installations and repositories
}

// totals are the figures of all rounds.
type totals struct {
	rounds, done                int
	commits, heads, leaks, both int
	drain                       time.Duration // the longest until all was done after the trouble
	reclaimed                   int           // interrupted jobs that were taken again
	taken                       time.Duration // the longest until one was, after the restart
}

// installation is the App in an account.
type installation struct {
	on       *githubtest.Installation
	owner    *githubtest.Account
	selected bool // for some of the account's repositories
}

func newWorld(t testing.TB, s setting) *world {
	w := &world{
		t: t, set: s, log: &journal{}, data: t.TempDir(), rng: rand.New(rand.NewPCG(s.seed, 3)), office: rand.New(rand.NewPCG(s.seed, 4)),
		free: make(chan *repository, 1<<16), counts: map[string]int{}, keys: map[string]bool{}, have: map[string]bool{},
		concludedAt: map[string]time.Time{}, closed: map[string]int{}, interrupted: map[int64]interrupted{}, gone: map[int64]bool{anotherApp: true},
	}
	var err error
	if name := os.Getenv("CRASH_LOG"); name != "" {
		w.log.file, err = os.Create(name)
		w.must(err)
		t.Cleanup(func() { w.must(w.log.file.Close()) })
	}
	skew := time.Duration(w.office.IntN(81)-40) * time.Second
	t.Logf("GitHub's clock is %s ahead", skew)
	w.github, err = githubtest.New(githubtest.Options{
		HourlyLimit: 10_000_000, Wrap: w.watch, Now: func() time.Time { return time.Now().Add(skew) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.must(w.github.Close()) })
	w.clerk = clerktest.New(time.Now)
	t.Cleanup(w.clerk.Close)
	w.faults = newFaults(s.seed, w.log)
	w.github.Inject(w.faults.ServeFault)
	w.balancer = newBalancer(s.seed, w.log)
	w.balancer.onAck = w.isRecorded
	t.Cleanup(w.balancer.close)
	w.github.SetWebhookURL(w.balancer.http.URL + "/webhook")
	w.ada, w.sam = w.github.User("ada"), w.github.User("sam")
	w.people = map[string]*githubtest.Account{"ada": w.ada, "sam": w.sam}
	w.openDatabase()
	policy := filepath.Join(w.data, "policy.yml")
	w.must(os.WriteFile(policy, []byte("issues:\n  max_per_hour: 100\n"), 0o600))
	w.environment = []string{
		"REKEY_LISTEN=127.0.0.1:0", "REKEY_DATA=" + w.data, "REKEY_GITHUB_URL=" + w.github.URL(), "REKEY_GITHUB_API_URL=" + w.github.APIURL(),
		"REKEY_APP_ID=" + strconv.FormatInt(w.github.AppID(), 10), "REKEY_PRIVATE_KEY=" + string(w.github.PrivateKeyPEM()),
		"REKEY_WEBHOOK_SECRET=" + w.github.WebhookSecret(), "REKEY_DATABASE_URL=" + w.url, "REKEY_CLERK_API_URL=" + w.clerk.URL,
		"REKEY_LOG=debug", "REKEY_POLICY_FILE=" + policy,
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Error(err)
	}
}

// openDatabase makes a database of its own on PostgreSQL, and a connection to look at what servers write.
func (w *world) openDatabase() {
	if w.set.postgres == "" {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(w.data, "rekey.db")+"?_pragma=busy_timeout(20000)")
		w.must(err)
		w.db = db
		w.t.Cleanup(func() { w.must(db.Close()) })
		return
	}
	server, err := sql.Open("pgx", w.set.postgres)
	w.must(err)
	name := fmt.Sprintf("rekey_crash_%d", time.Now().UnixNano())
	if _, err = server.Exec("CREATE DATABASE " + name); err != nil {
		w.t.Fatal(err)
	}
	w.url = w.set.postgres[:strings.LastIndex(w.set.postgres, "/")+1] + name
	w.db, err = sql.Open("pgx", w.url)
	w.must(err)
	w.t.Cleanup(func() {
		w.must(w.db.Close())
		_, err := server.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		w.must(errors.Join(err, server.Close()))
	})
}

// fault notes what is wrong, whatever is compared at the end.
func (w *world) fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
}

// isRecorded holds what a server says about a delivery against the ledger: who says 202 must have committed it.
func (w *world) isRecorded(guid string, header http.Header) {
	var n int
	err := w.db.QueryRow(`SELECT count(*) FROM deliveries WHERE guid = $1`, guid).Scan(&n)
	if err != nil {
		w.fault("looking for delivery %s: %v", guid, err)
	} else if n == 0 && !w.uninstalls(header.Get("X-Github-Event")) {
		w.fault("delivery %s (%s) was acknowledged, and is not in the ledger", guid, header.Get("X-Github-Event"))
	}
}

// uninstalls reports whether an event may delete itself: deliveries go with their installation.
func (w *world) uninstalls(event string) bool { return event == "installation" }

func (w *world) taken(guid string) bool { return w.balancer.taken(guid) }

func (w *world) pause(most time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.rng.Int64N(int64(most)))
}

// stopFor is how long a process stands still: on PostgreSQL mostly so long that the others take it for dead.
func (w *world) stopFor() time.Duration {
	if w.set.postgres == "" {
		return w.pause(3 * time.Second)
	}
	return silence/2 + w.pause(silence)
}

// count counts something that was done.
func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// populate makes the accounts, the repositories and the installations, and lets the servers find them.
func (w *world) populate(ctx context.Context) {
	for range w.set.installations {
		w.found(ctx, w.set.repositories)
	}
}

// found makes an organization with repositories, and installs the App there.
func (w *world) found(ctx context.Context, repositories int) []*repository {
	w.made++
	owner := w.github.Organization(fmt.Sprint("org", w.made))
	var made []*repository
	for range repositories {
		made = append(made, w.create(owner))
	}
	on, _ := w.github.Install(ctx, owner, w.ada)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.installations = append(w.installations, &installation{on: on, owner: owner})
	return made
}

// create makes a repository, on which nobody works yet.
func (w *world) create(owner *githubtest.Account) *repository {
	w.made++
	name := fmt.Sprintf("r%dx", w.made)
	on, err := w.github.CreateRepository(owner, name, githubtest.RepositoryOptions{Private: true})
	if err != nil {
		w.t.Fatal(err)
	}
	on.SetRole(w.ada, "admin")
	on.SetRole(w.sam, "read")
	r := &repository{
		w: w, name: name, on: on, rng: rand.New(rand.NewPCG(w.set.seed, 1000+uint64(w.made))),
		history: history{refs: map[string]int{}}, accepted: map[int]bool{}, shared: map[int]bool{}, heads: map[int]head{},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.repositories = append(w.repositories, r)
	return r
}

// work lets people work until ctx ends, each in another repository.
func (w *world) work(ctx context.Context) (done int) {
	for len(w.free) > 0 {
		<-w.free
	}
	for _, r := range w.repositories {
		w.free <- r
	}
	var people sync.WaitGroup
	counts := make([]int, w.set.people)
	for i := range counts {
		people.Go(func() {
			for ctx.Err() == nil {
				r := <-w.free
				if !r.mu.TryLock() { // an administrator has it
					time.Sleep(10 * time.Millisecond)
					w.free <- r
					continue
				}
				// What was begun comes to its end: half of a push is none.
				if !r.gone {
					if err := r.act(context.WithoutCancel(ctx)); err != nil {
						w.fault("%s: %v", r.name, err)
					}
					counts[i]++
				}
				r.mu.Unlock()
				w.free <- r
			}
		})
	}
	people.Wait()
	for _, n := range counts {
		done += n
	}
	return done
}

// knowKey remembers a key that must stand nowhere.
func (w *world) knowKey(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys[key[len("sk_live_"):]] = true
}
