package github

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// class says what a request costs in GitHub's secondary limits.
type class int

const (
	read        class = iota
	writeCheck        // check runs notify nobody
	moreChecks        // further requests for the same check run: they wait for as long as it takes
	writeIssue        // issues and comments notify people
	createIssue       // new issues are limited most
)

// How far apart writes are kept; see Config.WritePause, which all of it is measured in.
const (
	writePause   = time.Second      // GitHub asks for at least that between writes
	checkBurst   = 20               // at once, then one a pause: 80 in any minute, GitHub's limit for content
	createBurst  = 15               // at once, then one in createPauses: at most 17 issues in a minute and 148 in an hour,
	createPauses = 27               // where 20 and 150 were seen to be the limits (cli/cli#4801)
	maxPause     = 10 * time.Second // a longer wait is not waited here: the worker does something else
	maxPacers    = 4096
)

// LimitError is a request that was not sent: GitHub told us to wait, or too many writes are waiting before it.
type LimitError struct {
	Until  time.Time
	Reason string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("not sent before %s: %s", e.Until.UTC().Format(time.RFC3339), e.Reason)
}

// pacer keeps an installation's writes apart, and remembers until when GitHub told it to wait.
type pacer struct {
	pause   time.Duration // between writes
	mu      sync.Mutex
	checks  bucket
	issues  bucket
	created bucket
	all     closure // of everything
	writing closure // of issues and comments
}

// bucket lets some writes through at once, then one in each pause.
type bucket struct{ next time.Time }

func (b *bucket) earliest(now time.Time, burst int, pause time.Duration) time.Time {
	at := b.next.Add(-time.Duration(burst-1) * pause)
	if at.Before(now) {
		return now
	}
	return at
}

func (b *bucket) take(at time.Time, pause time.Duration) {
	if b.next.Before(at) {
		b.next = at
	}
	b.next = b.next.Add(pause)
}

// closure is a time in which nothing is sent.
type closure struct {
	until   time.Time
	strikes int // limits one after the other for which GitHub named no time
}

// wait returns when a request of the class may be sent, or why it may not.
func (p *pacer) wait(ctx context.Context, now time.Time, class class) error {
	at, err := p.reserve(now, class)
	if err != nil {
		return err
	}
	if !at.After(now) {
		return nil
	}
	timer := time.NewTimer(at.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pacer) reserve(now time.Time, class class) (time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all.until.After(now) {
		return now, &LimitError{p.all.until, "GitHub limits the App's requests"}
	}
	at, latest := now, now.Add(maxPause)
	switch class {
	case read:
		return now, nil
	case writeCheck, moreChecks:
		at = p.checks.earliest(now, checkBurst, p.pause)
		if class == writeCheck && at.After(latest) {
			return now, &LimitError{at, "other check runs of this installation go before it"}
		}
		p.checks.take(at, p.pause)
	case writeIssue, createIssue:
		if p.writing.until.After(now) {
			return now, &LimitError{p.writing.until, "GitHub limits how many issues and comments the App writes"}
		}
		at = p.issues.earliest(now, 1, p.pause)
		if class == createIssue {
			if free := p.created.earliest(now, createBurst, createPauses*p.pause); free.After(at) {
				at = free
			}
		}
		if at.After(latest) {
			return now, &LimitError{at, "other issues and comments of this installation go before it"}
		}
		p.issues.take(at, p.pause)
		if class == createIssue {
			p.created.take(at, createPauses*p.pause)
		}
	}
	return at, nil
}

// learn keeps to what GitHub told in answer to a request of the class. Where it named no time, each further limit doubles
// the wait, up to an hour. A secondary limit on issues does not stop check runs.
func (p *pacer) learn(now time.Time, class class, limit limit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	closed := p.closure(class)
	if limit.primary {
		closed = &p.all
	}
	if !limit.told {
		limit.until = now.Add(min(time.Minute<<min(closed.strikes, 6), time.Hour))
		closed.strikes++
	}
	if limit.until.After(closed.until) {
		closed.until = limit.until
	}
}

// succeeded ends a row of limits.
func (p *pacer) succeeded(class class) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closure(class).strikes = 0
}

func (p *pacer) closure(class class) *closure {
	if class == writeIssue || class == createIssue {
		return &p.writing
	}
	return &p.all
}

// pacers holds a pacer for each installation.
type pacers struct {
	pause time.Duration
	mu    sync.Mutex
	list  map[int64]*pacer
}

func (p *pacers) of(installation int64) *pacer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.list == nil {
		p.list = map[int64]*pacer{}
	}
	if found := p.list[installation]; found != nil {
		return found
	}
	if len(p.list) >= maxPacers {
		for other := range p.list { // any one: what it knew is learned again
			if other != 0 {
				delete(p.list, other)
				break
			}
		}
	}
	added := &pacer{pause: p.pause}
	p.list[installation] = added
	return added
}
