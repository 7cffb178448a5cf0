package github

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// How far apart writes are kept; see Config.WritePause, which all of it is measured in.
const (
	writePause   = time.Second // GitHub asks for at least that between writes
	checkBurst   = 20          // at once, then one a pause: 80 in any minute, GitHub's limit for content
	createBurst  = 15          // at once, then one in createPauses: at most 17 issues in a minute and 148 in an hour,
	createPauses = 27          // where 20 and 150 were seen to be the limits (cli/cli#4801)
	maxPacers    = 4096
)

// LimitError is a request that was not sent: GitHub told us to wait, or it is not its turn.
type LimitError struct {
	Until  time.Time
	Reason string
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("not sent before %s: %s", e.Until.UTC().Format(time.RFC3339), e.Reason)
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

// notBefore lets nothing through before a time.
func (b *bucket) notBefore(at time.Time, burst int, pause time.Duration) {
	if next := at.Add(time.Duration(burst-1) * pause); next.After(b.next) {
		b.next = next
	}
}

// rate is how fast a class of writes may come. Rates have the names under which processes share them.
type rate struct {
	name  string
	burst int
	pause time.Duration
}

// rates are what a class of request takes one of each.
func (p *pacer) rates(class class) []rate {
	switch class {
	case writeCheck, moreChecks:
		return []rate{{"checks", checkBurst, p.pause}}
	case writeIssue, mutate:
		return []rate{{"issues", 1, p.pause}}
	case createIssue:
		return []rate{{"issues", 1, p.pause}, {"new issues", createBurst, createPauses * p.pause}}
	}
	return nil
}

// cooldown is a time in which nothing is sent.
type cooldown struct {
	until   time.Time
	strikes int // limits one after the other for which GitHub named no time
}

// pacer keeps an installation's writes apart, remembers until when GitHub told it to wait, and what is left of the hour's
// quota. It never waits: what may not be sent now is refused with a [*LimitError]. It is safe for concurrent use.
type pacer struct {
	pause     time.Duration // between writes
	mu        sync.Mutex
	buckets   map[string]*bucket
	cooldowns map[scope]*cooldown
	quota     quota // of REST
	points    quota // of GraphQL
}

// quota is GitHub's count of an installation's requests, as its last answer told.
type quota struct {
	limit, left int
	reset       time.Time
}

func newPacer(pause time.Duration) *pacer {
	return &pacer{pause: pause, buckets: map[string]*bucket{}, cooldowns: map[scope]*cooldown{}}
}

// take takes what a request of the class costs, or says until when it may not be sent.
func (p *pacer) take(now time.Time, class class) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.closed(now, class); err != nil {
		return err
	}
	rates := p.rates(class)
	for _, r := range rates {
		if at := p.bucket(r.name).earliest(now, r.burst, r.pause); at.After(now) && class != moreChecks {
			return &LimitError{at, "others of this installation go before it"}
		}
	}
	for _, r := range rates {
		p.bucket(r.name).take(now, r.pause)
	}
	return nil
}

// refund undoes a take whose request is not sent.
func (p *pacer) refund(class class) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rates(class) {
		b := p.bucket(r.name)
		b.next = b.next.Add(-r.pause)
	}
}

// closed says whether GitHub told us to wait, with that or with everything.
func (p *pacer) closed(now time.Time, class class) error {
	for _, s := range class.scopes() {
		if c := p.cooldowns[s]; c != nil && c.until.After(now) {
			return &LimitError{c.until, "GitHub limits the App's requests"}
		}
	}
	return nil
}

func (p *pacer) bucket(name string) *bucket {
	b := p.buckets[name]
	if b == nil {
		b = &bucket{}
		p.buckets[name] = b
	}
	return b
}

// open is from when on work of the kind may ask GitHub for something; zero: at once.
func (p *pacer) open(now time.Time, kind Kind) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	classes := map[Kind]class{
		Fetches: fetch, CheckRuns: writeCheck, IssueEdits: writeIssue, NewIssues: createIssue, Background: fetch,
		Queries: query, BackgroundQueries: query,
	}
	class, quota := classes[kind], p.quota
	if class == query {
		quota = p.points
	}
	var at time.Time
	later := func(t time.Time) {
		if t.After(now) && t.After(at) {
			at = t
		}
	}
	for _, s := range class.scopes() {
		if c := p.cooldowns[s]; c != nil {
			later(c.until)
		}
	}
	for _, r := range p.rates(class) {
		later(p.bucket(r.name).earliest(now, r.burst, r.pause))
	}
	if quota.reset.After(now) && quota.left*100 < quota.limit*kind.reserve() {
		later(quota.reset)
	}
	return at
}

// notBefore remembers that another process said until when a rate is used up.
func (p *pacer) notBefore(r rate, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bucket(r.name).notBefore(at, r.burst, r.pause)
}

// learn keeps to what GitHub told in answer to a request of the class, and returns what it closed. Where it named no time,
// each further limit doubles the wait, up to an hour.
func (p *pacer) learn(now time.Time, class class, limit limit) (scope, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := class.scope(limit.primary)
	closed := p.cooldown(s)
	if !limit.explicit {
		limit.until = now.Add(min(time.Minute<<min(closed.strikes, 6), time.Hour))
		closed.strikes++
	}
	if limit.until.After(closed.until) {
		closed.until = limit.until
	}
	return s, closed.until
}

// close keeps to what another process was told.
func (p *pacer) close(s scope, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.cooldown(s); until.After(c.until) {
		c.until = until
	}
}

// succeeded ends a row of limits.
func (p *pacer) succeeded(class class) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.cooldowns[class.scope(false)]; c != nil {
		c.strikes = 0
	}
}

func (p *pacer) cooldown(s scope) *cooldown {
	c := p.cooldowns[s]
	if c == nil {
		c = &cooldown{}
		p.cooldowns[s] = c
	}
	return c
}

// observe notes what is left of the hour's quota, from an answer's header. Answers come in any order: within an hour, the
// least that is left counts.
func (p *pacer) observe(now time.Time, header http.Header) {
	limit, _ := strconv.Atoi(header.Get("X-RateLimit-Limit"))
	left, err := strconv.Atoi(header.Get("X-RateLimit-Remaining"))
	seconds, _ := strconv.ParseInt(header.Get("X-RateLimit-Reset"), 10, 64)
	known := &p.quota
	switch header.Get("X-RateLimit-Resource") {
	case "", "core":
	case "graphql":
		known = &p.points
	default:
		return
	}
	if err != nil || limit <= 0 {
		return
	}
	f := failure{header: header}
	reset := now.Add(time.Unix(seconds, 0).Sub(f.serverTime(now)))
	p.mu.Lock()
	defer p.mu.Unlock()
	const sameHour = time.Minute
	if old := *known; old.reset.After(now) && reset.Sub(old.reset).Abs() < sameHour {
		left = min(left, old.left)
	}
	*known = quota{limit, left, reset}
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
	added := newPacer(p.pause)
	p.list[installation] = added
	return added
}

// Open is from when on work of the kind may ask GitHub for something of an installation; zero: at once. It is asked before the work begins, so that nothing is asked in vain.
func (a *App) Open(installation int64, kind Kind) time.Time {
	return a.pacers.of(installation).open(a.now(), kind)
}

// Turn takes the installation's turn for one write of the kind, [IssueEdits] or [NewIssues]. The next such write under the
// context that it returns is sent at once. A [*LimitError] says when to try again.
func (a *App) Turn(ctx context.Context, installation int64, kind Kind) (context.Context, error) {
	class := writeIssue
	if kind == NewIssues {
		class = createIssue
	}
	t := &taken{class: class}
	if err := a.sharedPacer(installation).take(ctx, a.pacers.of(installation), a.now(), class); err != nil {
		return ctx, err
	}
	return context.WithValue(ctx, takenKey{}, t), nil
}

// taken is a turn that was taken before its request.
type taken struct {
	class class
	mu    sync.Mutex
	used  bool
}

type takenKey struct{}

// sameTurn lets a request go again that GitHub refused: nothing came of its turn.
func sameTurn(ctx context.Context, class class) context.Context {
	return context.WithValue(ctx, takenKey{}, &taken{class: class})
}

// useTaken reports whether a turn that covers the class was taken before, and uses it up.
func useTaken(ctx context.Context, class class) bool {
	t, _ := ctx.Value(takenKey{}).(*taken)
	if t == nil || class != writeIssue && class != createIssue && class != mutate || class > t.class {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	used := t.used
	t.used = true
	return !used
}
