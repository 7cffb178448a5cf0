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
	read       class = iota
	writeCheck       // check runs notify nobody
	moreChecks       // further requests for the same check run: they wait for as long as it takes
	writeIssue       // issues and comments notify people, and are limited most
)

const (
	writePause = time.Second      // GitHub asks for at least that between writes
	checkBurst = 20               // together with one a second: 80 in any minute, GitHub's limit for content
	maxPause   = 10 * time.Second // a longer wait is not waited here: the worker does something else
	maxPacers  = 4096
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
	pause        time.Duration // between writes
	mu           sync.Mutex
	checks       bucket
	issues       bucket
	all          time.Time // nothing is sent before
	issuesClosed time.Time // no issue or comment is written before
}

// bucket lets burst writes through at once, then one in each pause.
type bucket struct{ next time.Time }

// reserve returns when the write may be sent. If that is later than latest, nothing is reserved.
func (b *bucket) reserve(now, latest time.Time, burst int, pause time.Duration) (at time.Time, ok bool) {
	at = b.next.Add(-time.Duration(burst-1) * pause)
	if at.Before(now) {
		at = now
	}
	if at.After(latest) {
		return at, false
	}
	if b.next.Before(now) {
		b.next = now
	}
	b.next = b.next.Add(pause)
	return at, true
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
	if p.all.After(now) {
		return now, &LimitError{p.all, "GitHub limits the App's requests"}
	}
	if class == writeIssue && p.issuesClosed.After(now) {
		return now, &LimitError{p.issuesClosed, "GitHub limits how many issues and comments the App writes"}
	}
	latest := now.Add(maxPause)
	at, ok := now, true
	switch class {
	case read:
	case writeCheck:
		at, ok = p.checks.reserve(now, latest, checkBurst, p.pause)
	case moreChecks:
		at, ok = p.checks.reserve(now, now.Add(time.Hour), checkBurst, p.pause)
	case writeIssue:
		at, ok = p.issues.reserve(now, latest, 1, p.pause)
	}
	if !ok {
		return now, &LimitError{at, "other writes of this installation go before it"}
	}
	return at, nil
}

// learn keeps to what GitHub told in answer to a request of the class. A secondary limit on issues does not stop check
// runs.
func (p *pacer) learn(class class, until time.Time, primary bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	closed := &p.all
	if class == writeIssue && !primary {
		closed = &p.issuesClosed
	}
	if until.After(*closed) {
		*closed = until
	}
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
