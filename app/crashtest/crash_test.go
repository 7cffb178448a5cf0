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
		t.Errorf("%d differences; again: %s", len(w.wrong), again)
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
	background, stop := context.WithCancel(ctx)
	var chores sync.WaitGroup
	chores.Go(func() { w.forgetUntil(background) })
	defer chores.Wait()
	defer stop()

	began := time.Now()
	w.trouble(true)
	working, stopWork := context.WithTimeout(ctx, w.set.lasts)
	defer stopWork()
	var crashes sync.WaitGroup
	for _, p := range w.processes {
		crashes.Go(func() { w.crash(working, p) })
	}
	done := w.work(working)
	crashes.Wait()
	w.trouble(false)
	w.t.Logf("%s of trouble: people did %d things; GitHub made %d deliveries of %d events", time.Since(began).Round(time.Second), done, len(w.github.Deliveries()), w.events())
	w.t.Log("signals: ", inWords(w.signals))
	w.t.Log("faults: ", inWords(w.faults.count()), ", ", inWords(w.balancer.counts))

	began = time.Now()
	calm := w.calm(ctx)
	w.t.Logf("calm after %s", time.Since(began).Round(time.Second))
	stop()
	chores.Wait()
	if !calm {
		w.wrong = append(w.wrong, w.state())
		w.wrong = append(w.wrong, w.compare()...)
	}
	w.stopAll()
	w.wrong = append(w.wrong, w.ledgerIsWhole()...)
	w.holdsNoKey()
	w.t.Log(w.figures())
	if len(w.wrong) > 0 {
		w.t.Log(w.explain())
	}
}

// warmUp has each repository pushed to and swept once, which comes back only after an hour.
func (w *world) warmUp(ctx context.Context) {
	for _, r := range w.repositories {
		w.must(r.commitTo(ctx, main, false))
	}
	for range 2 { // after the first start, histories are read; after the second, refs are compared
		if !w.calm(ctx) {
			w.t.Fatalf("the servers do not even start well: %s %v\n%s", w.state(), w.compare(), w.log.tail())
		}
		for _, p := range w.processes {
			w.must(p.again("SIGTERM"))
		}
	}
	if !w.calm(ctx) {
		w.t.Fatalf("the servers do not even start well: %s %v\n%s", w.state(), w.compare(), w.log.tail())
	}
}

func (w *world) trouble(on bool) {
	w.faults.set(on)
	w.balancer.setTrouble(on)
}

// crash ends a process again and again.
func (w *world) crash(ctx context.Context, p *process) {
	ways := []string{"SIGKILL", "SIGKILL", "SIGKILL", "SIGKILL", "SIGTERM", "SIGTERM twice", "SIGSTOP"}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.pause(2500 * time.Millisecond)):
		}
		w.mu.Lock()
		way := ways[w.rng.IntN(len(ways))]
		w.signals[way]++
		w.mu.Unlock()
		if err := p.again(way); err != nil {
			w.fault("%v", err)
			return
		}
		if way == "SIGSTOP" {
			w.mu.Lock()
			w.resumed = append(w.resumed, time.Now())
			w.mu.Unlock()
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

func (w *world) events() int {
	guids := map[string]bool{}
	for _, d := range w.github.Deliveries() {
		guids[d.GUID] = true
	}
	return len(guids)
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

// figures are for the record of a run.
func (w *world) figures() string {
	commits, heads, leaks, both := 0, 0, 0, 0
	for _, r := range w.repositories {
		commits, heads, leaks = commits+len(r.commits), heads+len(r.heads), leaks+len(r.leaks)
		for _, one := range r.heads {
			if len(r.conclusions(one)) > 1 {
				both++
			}
		}
	}
	return fmt.Sprintf("%d repositories, %d commits, %d heads (%d of which may pass or fail), %d leaks; %d goroutines", len(w.repositories), commits, heads, both, leaks, runtime.NumGoroutine())
}
