package crashtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
)

// TestCrash runs only when it is asked for: see the package's comment.
func TestCrash(t *testing.T) {
	store := os.Getenv("REKEY_TEST_CRASH")
	if store == "" {
		t.Skip("REKEY_TEST_CRASH is not set: make crash")
	}
	s := setting{seed: uint64(time.Now().UnixNano()) % 1_000_000, lasts: 20 * time.Second, replicas: 1, installations: 4, repositories: 8, people: 8}
	if text := os.Getenv("CRASH_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("CRASH_SEED: %v", err)
		}
		s.seed = seed
	}
	if text := os.Getenv("CRASH_TIME"); text != "" {
		lasts, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("CRASH_TIME: %v", err)
		}
		s.lasts = lasts
	}
	switch store {
	case "sqlite":
	case "postgres":
		if s.postgres = os.Getenv("REKEY_TEST_POSTGRES_URL"); s.postgres == "" {
			t.Fatal("REKEY_TEST_POSTGRES_URL is not set: postgres://USER@HOST:PORT/DATABASE")
		}
		s.replicas = 3
	default:
		t.Fatalf("REKEY_TEST_CRASH is %q: use sqlite or postgres", store)
	}
	again := fmt.Sprintf("make crash CRASH_STORE=%s CRASH_TIME=%s CRASH_SEED=%d", store, s.lasts, s.seed)
	t.Log("seed ", s.seed, ": ", again)
	w := newWorld(t, s)
	w.run(t.Context())
	for _, wrong := range w.wrong[:min(len(w.wrong), 40)] {
		t.Error(wrong)
	}
	if len(w.wrong) > 0 {
		t.Errorf("%d faults; again: %s", len(w.wrong), again)
	}
}

// run is the whole of a run. What is wrong stands in w.wrong at its end.
func (w *world) run(ctx context.Context) {
	w.log.look = w.listen
	for i := range w.set.replicas {
		p := &process{w: w, name: fmt.Sprint("server", i)}
		w.processes = append(w.processes, p)
		w.must(p.start())
	}
	defer w.killAll()
	w.populate(ctx)
	w.warmUp(ctx)
	began := time.Now()
	background, stop := context.WithCancel(ctx)
	var chores sync.WaitGroup
	defer chores.Wait()
	defer stop()
	chores.Go(func() { w.forgetUntil(background) })
	chores.Go(func() { w.watchJobs(background) })
	chores.Go(func() { w.report(background, began) })
	for left := w.set.lasts; w.round(ctx, min(left, maxRound)); {
		if left = w.set.lasts - time.Since(began); left < maxRound/10 {
			break
		}
	}
	stop()
	chores.Wait()
	w.stopAll()
	w.holdsNoKey()
	w.wrong = append(w.wrong, w.leftRunning()...)
	w.t.Log(w.figures(time.Since(began)))
}

// maxRound is how long people work until what GitHub shows is compared. Then all starts again with what is there.
const maxRound = time.Minute

// round lets people work for a time while all goes wrong, waits until all is done, and compares. It reports whether all is well.
func (w *world) round(ctx context.Context, lasts time.Duration) bool {
	began := time.Now()
	w.trouble(true)
	if lasts >= maxRound/2 && w.sum.rounds%2 == 0 {
		w.faults.limit()
	}
	if w.sum.rounds%3 == 1 { // the hour's requests for missed deliveries are soon spent
		w.must(w.spend(ctx, 1950))
	}
	w.renew(ctx)
	working, stopWork := context.WithTimeout(ctx, lasts)
	defer stopWork()
	var others sync.WaitGroup
	for _, p := range w.processes {
		others.Go(func() { w.crash(working, p) })
	}
	others.Go(func() { w.administer(working) })
	others.Go(func() { w.intrude(working) })
	w.sum.done += w.work(working)
	others.Wait()
	w.trouble(false)
	troubled := time.Since(began)
	drained, calm := w.calm(ctx)
	w.sum.rounds++
	w.sum.drain = max(w.sum.drain, drained)
	w.wrong = append(w.wrong, w.leftBehind()...)
	if !calm {
		different := w.compare()
		w.wrong = append(w.wrong, w.state())
		for _, d := range different {
			w.wrong = append(w.wrong, d.String())
		}
		w.t.Log("the history of what differs:\n" + w.explain(different))
	}
	w.wrong = append(w.wrong, w.ledgerIsWhole()...)
	if len(w.wrong) > 0 {
		return false
	}
	w.t.Logf("round %d: %s of trouble, all done %s after it", w.sum.rounds, troubled.Round(time.Second), drained.Round(time.Second))
	w.settleRound()
	return true
}

// settleRound forgets what was found to be right, so that a long run needs no more memory and disk than a short one.
func (w *world) settleRound() {
	log := w.github.Deliveries()
	w.countClosings(w.closed, log)
	w.github.EditDeliveries(func([]githubtest.Delivery) []githubtest.Delivery { return nil })
	clear(w.have)
	w.log.forget()
	w.clean()
	for _, r := range w.repositories {
		r.loose = false
	}
}

// report says each minute how far the run is.
func (w *world) report(ctx context.Context, began time.Time) {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			w.t.Logf("%s: %s", time.Since(began).Round(time.Second), w.progress())
		}
	}
}

func (w *world) progress() string {
	w.balancer.mu.Lock()
	deliveries := w.balancer.received
	w.balancer.mu.Unlock()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	w.mu.Lock()
	defer w.mu.Unlock()
	restarts := w.counts["SIGKILL"] + w.counts["SIGTERM"] + w.counts["SIGTERM twice"]
	return fmt.Sprintf("%d deliveries, %d restarts, %d effects; longest drain %s; %d interrupted jobs taken again, at most %s after the restart; heap %d MiB, %d goroutines",
		deliveries, restarts, w.effects, w.sum.drain.Round(time.Second), w.sum.reclaimed, w.sum.taken.Round(100*time.Millisecond),
		memory.HeapAlloc>>20, runtime.NumGoroutine())
}

// warmUp has each repository pushed to and swept once, which comes back only after an hour.
func (w *world) warmUp(ctx context.Context) {
	for _, r := range w.repositories {
		w.must(r.commitTo(ctx, main, false))
	}
	for i := range 3 { // after the first start, histories are read; after the second, refs are compared
		if _, calm := w.calm(ctx); !calm {
			w.t.Fatalf("the servers do not even start well: %s %v\n%s", w.state(), w.compare(), w.log.tail())
		}
		if i == 2 {
			return
		}
		for _, p := range w.processes {
			w.must(p.again("SIGTERM"))
		}
	}
}

func (w *world) trouble(on bool) {
	w.faults.set(on)
	w.balancer.setTrouble(on)
}

// killEvery is the longest time that a process is left alone, a fifth of short runs.
const killEvery = 5 * time.Second

// crash ends a process again and again.
func (w *world) crash(ctx context.Context, p *process) {
	ways := []string{"SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGTERM twice", "SIGSTOP"}
	if w.set.lasts < 30*time.Second {
		ways = ways[:4] // the others take seconds
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.pause(min(killEvery, w.set.lasts/5))):
		}
		if w.suspects() {
			continue
		}
		w.mu.Lock()
		way := ways[w.rng.IntN(len(ways))]
		w.counts[way]++
		w.mu.Unlock()
		if err := p.again(way); err != nil {
			w.fault("%v", err)
			return
		}
	}
}

// forgetUntil keeps the stand-in's record of requests short.
func (w *world) forgetUntil(ctx context.Context) {
	for ctx.Err() == nil {
		w.github.ForgetRequests()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// missed counts the deliveries in GitHub's log that the ledger does not have.
func (w *world) missed() (n int) {
	seen := map[string]bool{}
	for _, d := range w.github.Deliveries() {
		if w.have[d.GUID] || seen[d.GUID] {
			continue
		}
		seen[d.GUID] = true
		var known int
		if err := w.db.QueryRow(`SELECT count(*) FROM deliveries WHERE guid = $1`, d.GUID).Scan(&known); err != nil || known == 0 {
			n++
			continue
		}
		w.have[d.GUID] = true
	}
	return n
}

func inWords(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return cmp.Or(strings.Join(parts, ", "), "none")
}

func (w *world) killAll() {
	for _, p := range w.processes {
		if p.cmd != nil {
			_ = p.cmd.Process.Kill()
			<-p.exited
		}
	}
}

// add counts what was in a repository.
func (t *totals) add(r *repository) {
	t.commits, t.heads, t.leaks = t.commits+len(r.commits), t.heads+len(r.heads), t.leaks+len(r.leaks)
	for _, one := range r.heads {
		if len(r.conclusions(one)) > 1 {
			t.both++
		}
	}
}

// figures are for the record of a run.
func (w *world) figures(lasted time.Duration) string {
	for _, r := range w.repositories {
		if !r.gone {
			w.sum.add(r)
		}
	}
	return fmt.Sprintf("seed %d, %s, %d rounds: people did %d things; %s\n%d commits, %d heads (%d of which may pass or fail), %d leaks\n%s\nfaults: %s; %s",
		w.set.seed, lasted.Round(time.Second), w.sum.rounds, w.sum.done, w.progress(), w.sum.commits, w.sum.heads, w.sum.both, w.sum.leaks,
		inWords(w.counts), inWords(w.faults.count()), inWords(w.balancer.counts))
}
