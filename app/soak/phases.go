package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// probe pushes to a repository, and waits for the check run.
func (w *world) probe(ctx context.Context, s *sender, r *repository) (time.Duration, error) {
	p, err := w.prepare(r)
	if err != nil {
		return 0, err
	}
	if err := r.SetRef("refs/heads/main", p.sha); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := s.send(ctx, p); err != nil {
		return 0, err
	}
	select {
	case <-w.seen.came(p.sha):
		return w.seen.at(p.sha).Sub(began), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(patience):
		return 0, fmt.Errorf("no check run on %s of %s", p.sha, r.FullName())
	}
}

// probes pushes to all installations but the first, one push at a time, while more are wanted and there are commits.
func (w *world) probes(ctx context.Context, more func(n int) bool) (took durations, err error) {
	s := w.sender()
	defer s.close()
	others := w.tenants[1:]
	for n := 0; more(n); n++ {
		r := others[n%len(others)].repositories[0]
		if r.next >= len(r.commits) {
			break
		}
		one, err := w.probe(ctx, s, r)
		if err != nil {
			return took, err
		}
		took = append(took, one)
		time.Sleep(50 * time.Millisecond)
	}
	return took, nil
}

// quietPushes measures pushes while nothing else happens.
func (w *world) quietPushes(ctx context.Context, t *table) error {
	took, err := w.probes(ctx, func(n int) bool { return n < 100 })
	w.alone = took
	t.add("push to check run, nothing else happens", took.String(), "median under 100 ms")
	return err
}

// burst sends all pushes as fast as they are acknowledged, and waits for their check runs.
func (w *world) burst(ctx context.Context, t *table) error {
	var lists [][]push
	for _, tenant := range w.tenants {
		for _, r := range tenant.repositories {
			list, err := w.prepareMany(r, w.Pushes/w.Repositories)
			if err != nil {
				return err
			}
			lists = append(lists, list)
		}
	}
	m := w.measure()
	acks, err := w.sendAll(ctx, lists)
	acked := m.passed()
	if err != nil {
		return err
	}
	sent := len(acks)
	t.add("acknowledgements, while the first deliveries are worked on", perSecond(sent, acked)+"; "+acks.String(), "answers within 10 s")
	w.say("%d deliveries are acknowledged after %s", sent, short(acked))
	if err := w.allChecked(ctx); err != nil {
		return err
	}
	took := m.passed()
	t.add(fmt.Sprintf("burst of %d pushes to %d repositories of %d installations", sent, w.Repositories, w.Installations),
		fmt.Sprintf("every check run after %s: %s", short(took), perSecond(sent, took)), "")
	m.report(t, "burst", sent)
	return nil
}

// prepareMany makes the deliveries of a repository's next commits, and points the branch to the last: to whoever looks, all were pushed.
func (w *world) prepareMany(r *repository, n int) ([]push, error) {
	list := make([]push, n)
	for i := range list {
		var err error
		if list[i], err = w.prepare(r); err != nil {
			return nil, err
		}
	}
	return list, r.SetRef("refs/heads/main", r.commits[r.next-1])
}

// allChecked waits until each push has its check run.
func (w *world) allChecked(ctx context.Context) error {
	told := time.Now()
	return w.eventually(ctx, "check runs", func() (bool, error) {
		left := w.seen.open()
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			w.say("%d check runs to come", left)
		}
		return left == 0, nil
	})
}

// beside does something in the first installation, and measures pushes to the others meanwhile.
func (w *world) beside(ctx context.Context, t *table, what string, begin func() error) error {
	m := w.measure()
	if err := begin(); err != nil {
		return err
	}
	// A probe is one of those that are expected, while it is under way.
	took, err := w.probes(ctx, func(int) bool { return w.seen.open() > 0 })
	if err != nil {
		return err
	}
	if err := w.allChecked(ctx); err != nil {
		return err
	}
	t.add(what, "every check run after "+short(m.passed()), "")
	t.add("pushes of other installations beside it", took.String(), fmt.Sprintf("a second more than alone (median %s, most %s)",
		short(w.alone.at(500)), short(w.alone.at(1000))))
	m.report(t, what, 0)
	return nil
}

// noisy pushes much to one installation.
func (w *world) noisy(ctx context.Context, t *table) error {
	if w.Noise == 0 {
		return nil
	}
	var lists [][]push
	repositories := w.tenants[0].repositories
	for _, r := range repositories {
		list, err := w.prepareMany(r, w.Noise/len(repositories))
		if err != nil {
			return err
		}
		lists = append(lists, list)
	}
	return w.beside(ctx, t, fmt.Sprintf("%d pushes to one installation", w.seen.open()), func() error {
		_, err := w.sendAll(ctx, lists)
		return err
	})
}

// large pushes something very large to one installation.
func (w *world) large(ctx context.Context, t *table) error {
	if w.LargeMB == 0 {
		return nil
	}
	r := w.tenants[0].repositories[0]
	commit, err := r.noise(ctx, int64(w.LargeMB)*1_000_000)
	if err != nil {
		return err
	}
	r.commits = append(r.commits[:r.next:r.next], append([]string{commit}, r.commits[r.next:]...)...)
	p, err := w.prepare(r)
	if err != nil {
		return err
	}
	return w.beside(ctx, t, fmt.Sprintf("a push of %d MB", w.LargeMB), func() error {
		s := w.sender()
		defer s.close()
		_, err := s.send(ctx, p)
		return err
	})
}

// noise makes a commit on the one that was pushed last, with a file of random bytes.
func (r *repository) noise(ctx context.Context, size int64) (string, error) {
	git := func(script string) (string, error) {
		// The stand-in sends what it has: it compresses nothing.
		cmd := exec.CommandContext(ctx, "sh", "-ec", "git config core.compression 0; git config pack.compression 0; git config pack.window 0; "+script)
		cmd.Dir = r.Dir()
		out, err := cmd.Output()
		if exit, is := errors.AsType[*exec.ExitError](err); is {
			err = fmt.Errorf("git: %w: %s", err, exit.Stderr)
		}
		return strings.TrimSpace(string(out)), err
	}
	parent := r.commits[r.next-1]
	return git(fmt.Sprintf(`blob=$(head -c %d /dev/urandom | git hash-object -w --stdin)
		tree=$( (git ls-tree %s; printf '100644 blob %%s\tdata.bin\n' "$blob") | git mktree)
		git -c user.name=ada -c user.email=ada@example.com commit-tree -p %s -m large "$tree"`, size, parent, parent))
}

// killedPushes is how many pushes are worked on when a server is killed.
const killedPushes = 4

// killed kills a server in the middle of its work, and measures how long it takes until others have done that.
func (w *world) killed(ctx context.Context, t *table) error {
	if len(w.servers) < 2 {
		return nil
	}
	if err := w.worked(ctx); err != nil { // issues ask git for files too
		return err
	}
	victim := w.servers[len(w.servers)-1]
	release := w.seen.holdGit()
	var pushes []push
	s := w.sender()
	defer s.close()
	for _, tenant := range w.tenants[:min(killedPushes, len(w.tenants))] {
		r := tenant.repositories[0]
		if r.next >= len(r.commits) {
			continue
		}
		p, err := w.prepare(r)
		if err != nil {
			return err
		}
		if _, err := s.send(ctx, p); err != nil {
			return err
		}
		pushes = append(pushes, p)
	}
	err := w.eventually(ctx, "the servers to be at it", func() (bool, error) { return w.seen.holding() == len(pushes), nil })
	if err != nil {
		return err
	}
	before := w.seen.holding()
	victim.kill()
	began := time.Now()
	err = w.eventually(ctx, "the requests of the server that crashed to end", func() (bool, error) { return w.seen.holding() < before, nil })
	if err != nil {
		return err
	}
	orphans := before - w.seen.holding()
	release()
	if err := w.allChecked(ctx); err != nil {
		return err
	}
	t.add(fmt.Sprintf("SIGKILL to 1 of %d servers, which had %d of %d running jobs", len(w.servers), orphans, len(pushes)),
		"every check run after "+short(time.Since(began)), "seconds")
	return nil
}
