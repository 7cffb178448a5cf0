package crashtest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

// Administrators change who may reach what, while people work elsewhere and processes are killed.

const (
	// maxCommits is how large a repository may grow until another one takes its place.
	maxCommits = 150
	// quietWithin is how long an administrator waits until all that was asked for in the repositories has come to its end.
	quietWithin = 5 * time.Second
	// apart is more than by what the times of two events are mistaken where one of them is recovered from GitHub's log.
	apart = 5 * time.Second
)

// administer does one thing after the other until ctx ends. What was begun comes to its end.
func (w *world) administer(ctx context.Context) {
	acts := []struct {
		name string
		do   func(context.Context, *installation) bool
	}{
		{"installation suspended and unsuspended", w.suspend},
		{"repository taken out of the installation and added", w.reselect},
		{"repository archived and unarchived", w.archive},
		{"App uninstalled and installed again", w.reinstall},
		{"repository transferred", w.transfer},
		{"repository deleted", w.replace},
		{"organization founded", w.another},
		{"App uninstalled for good", w.leave},
	}
	if w.set.lasts < 30*time.Second {
		acts = acts[3:] // the first take seconds
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration(w.office.Int64N(int64(3 * time.Second)))):
		}
		act := acts[w.office.IntN(len(acts))]
		in := w.installations[w.office.IntN(len(w.installations))]
		if act.do(context.WithoutCancel(ctx), in) {
			w.count(act.name)
			w.log.note("%s: %s", in.owner.Login, act.name)
		}
	}
}

// of lists an account's repositories.
func (w *world) of(in *installation) []*repository {
	w.mu.Lock()
	all := slices.Clone(w.repositories)
	w.mu.Unlock() // the stand-in may be locked for longer
	return slices.DeleteFunc(all, func(r *repository) bool { return r.on.Owner() != in.owner })
}

// alone calls do while nobody works on the repositories and all that was asked for there has come to its end. It does nothing
// where that takes too long.
func (w *world) alone(rs []*repository, do func()) bool {
	for _, r := range rs {
		r.mu.Lock()
		defer r.mu.Unlock()
	}
	rs = slices.DeleteFunc(slices.Clone(rs), func(r *repository) bool { return r.gone })
	quiet := 0
	for end := time.Now().Add(quietWithin); ; time.Sleep(250 * time.Millisecond) {
		if len(rs) == 0 || time.Now().After(end) {
			return false
		}
		if !w.quiet(rs) {
			quiet = 0
		} else if quiet++; quiet == 3 {
			do()
			return true
		}
	}
}

// quiet reports whether GitHub shows what it must of the repositories, and all their deliveries have been dealt with.
func (w *world) quiet(rs []*repository) bool {
	closings := w.closings()
	ids := map[int64]bool{}
	for _, r := range rs {
		ids[r.on.ID()] = true
		if r.loose || len(r.compare(closings)) > 0 || w.unrecorded(r.on.ID()) {
			return false
		}
	}
	for _, d := range w.github.Deliveries() {
		if ids[d.RepositoryID] && !w.finished(d.GUID) {
			return false
		}
	}
	return true
}

// unrecorded reports whether GitHub may show effects on a repository that the ledger does not have yet: whoever performs them would
// not find the repository where it was.
func (w *world) unrecorded(repository int64) bool {
	var n int
	err := w.db.QueryRow(`SELECT (SELECT count(*) FROM actions WHERE finished = 0 AND key LIKE $1)
		+ (SELECT count(*) FROM leaks l JOIN actions a ON a.key = 'issue:' || CAST(l.id AS TEXT) WHERE l.repository = $2 AND a.finished = 0)
		+ (SELECT count(*) FROM leaks WHERE repository = $2 AND outside = 0 AND state = 'open' AND issue_number = 0)`,
		fmt.Sprintf("check:%d:%%", repository), repository).Scan(&n)
	return err != nil || n > 0
}

func (w *world) finished(guid string) bool {
	var n int
	err := w.db.QueryRow(`SELECT count(*) FROM deliveries WHERE guid = $1 AND finished <> 0 AND given_up = 0`, guid).Scan(&n)
	return err == nil && n > 0
}

// loosen says that what is pushed from now on may be read by the reading of the whole history too.
func loosen(rs ...*repository) {
	for _, r := range rs {
		r.loose = true
	}
}

func (w *world) suspend(ctx context.Context, in *installation) bool {
	rs := w.of(in)
	return w.alone(rs, func() {
		in.on.Suspend(ctx, w.ada)
		time.Sleep(apart + time.Duration(w.office.Int64N(int64(3*time.Second))))
		in.on.Unsuspend(ctx, w.ada)
		loosen(rs...)
	})
}

func (w *world) reinstall(ctx context.Context, in *installation) bool {
	rs := w.of(in)
	return w.alone(rs, func() {
		w.goes(in.on.ID())
		in.on.Uninstall(ctx, w.ada)
		time.Sleep(time.Duration(w.office.Int64N(int64(4 * time.Second))))
		in.on, _ = w.github.Install(ctx, in.owner, w.ada)
		in.selected = false
		loosen(rs...)
	})
}

func (w *world) one(in *installation) []*repository {
	rs := w.of(in)
	if len(rs) == 0 {
		return nil
	}
	return []*repository{rs[w.office.IntN(len(rs))]}
}

func (w *world) reselect(ctx context.Context, in *installation) bool {
	rs := w.one(in)
	return w.alone(rs, func() {
		in.on.Remove(ctx, w.ada, rs[0].on)
		in.selected = true
		time.Sleep(apart + time.Duration(w.office.Int64N(int64(3*time.Second))))
		in.on.Add(ctx, w.ada, rs[0].on)
		loosen(rs...)
	})
}

func (w *world) archive(ctx context.Context, in *installation) bool {
	rs := w.one(in)
	return w.alone(rs, func() {
		rs[0].on.Archive(ctx, w.ada)
		time.Sleep(apart + time.Duration(w.office.Int64N(int64(3*time.Second))))
		rs[0].on.Unarchive(ctx, w.ada)
		loosen(rs...)
	})
}

func (w *world) transfer(ctx context.Context, in *installation) bool {
	to := w.installations[w.office.IntN(len(w.installations))]
	if to == in || to.selected {
		return false
	}
	rs := w.one(in)
	return w.alone(rs, func() {
		rs[0].on.Transfer(ctx, w.ada, to.owner)
		loosen(rs...)
	})
}

// replace deletes a repository, whatever is being done there, and makes another one.
func (w *world) replace(ctx context.Context, in *installation) bool {
	rs := w.one(in)
	if rs == nil || in.selected {
		return false
	}
	w.drop(ctx, rs[0])
	r := w.create(in.owner)
	loosen(r)
	w.free <- r
	return true
}

// drop deletes a repository.
func (w *world) drop(ctx context.Context, r *repository) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone {
		return
	}
	r.gone = true
	w.goes(r.on.ID())
	r.on.Delete(ctx, w.ada)
	w.discard(ctx, r)
}

// discard notes what is left of a repository, and counts what was in it.
func (w *world) discard(ctx context.Context, r *repository) {
	w.sum.add(r)
	w.trash = append(w.trash, r.on.Dir())
	for _, pr := range r.pulls {
		if pr.fork != nil {
			pr.fork.Delete(ctx, pr.by)
			w.trash = append(w.trash, pr.fork.Dir())
		}
	}
}

func (w *world) another(ctx context.Context, _ *installation) bool {
	if len(w.installations) >= 2*w.set.installations {
		return false
	}
	rs := w.found(ctx, 2)
	loosen(rs...)
	for _, r := range rs {
		w.free <- r
	}
	return true
}

// leave uninstalls the App, whatever is being done.
func (w *world) leave(ctx context.Context, in *installation) bool {
	if len(w.installations) <= w.set.installations {
		return false
	}
	for _, r := range w.of(in) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone = true
		w.goes(r.on.ID())
		w.discard(ctx, r)
	}
	w.goes(in.on.ID())
	in.on.Uninstall(ctx, w.ada)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.installations = slices.DeleteFunc(w.installations, func(other *installation) bool { return other == in })
	return true
}

// renew has new repositories take the places of those that are gone or have grown, while all is calm.
func (w *world) renew(ctx context.Context) {
	for _, in := range w.installations {
		for _, r := range w.of(in) {
			if len(r.commits) > maxCommits || len(r.leaks) >= maxLeaks {
				w.drop(ctx, r)
				n := w.create(in.owner)
				if loosen(n); in.selected {
					in.on.Add(ctx, w.ada, n.on)
				}
			}
		}
	}
	w.repositories = slices.DeleteFunc(w.repositories, func(r *repository) bool { return r.gone })
}

// clean removes what is left of repositories of the rounds before.
func (w *world) clean() {
	for _, dir := range w.trash {
		w.must(os.RemoveAll(dir))
	}
	w.trash = nil
}
