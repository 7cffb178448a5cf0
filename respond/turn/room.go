package turn

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// defaultSeats is how many jobs of one installation and class wait in the room, so that one is at hand when a slot is free.
	defaultSeats = 2
	// maxWaiting is for how many installations and classes there are seats. Those who wait hold no slot, but a goroutine each.
	maxWaiting = 12
	// extraWorkers is how many jobs may come at once only to be sent back to the queue.
	extraWorkers = 40
	// seatedFor is how long a job waits in the room before it is put aside.
	seatedFor = 10 * time.Second
	// soon is how long a job waits in the room for GitHub to be asked again.
	soon = time.Second
	// asideFor is when a job that was put aside comes by itself, should nobody call it; those behind it come asideEach later, and
	// each time it takes twice as long, up to maxDoubled times.
	asideFor, asideEach, maxDoubled = 5 * time.Minute, time.Second, 4
	// callAgain is when a job is called again that was put aside so recently that the queue does not know it yet. Each time it takes
	// twice as long, up to seldom. Those behind it wait for it for heldFor.
	callAgain, seldom, heldFor = 50 * time.Millisecond, 2 * time.Second, 10 * time.Second
	// openFor is how long the room trusts what it was told of when GitHub may be asked.
	openFor = 5 * time.Second
)

// Options are what a [Room] needs.
type Options struct {
	Slots int
	// Seats is how many jobs of one installation and class wait in the room; 0: 2. More are of use where it takes long until a
	// job comes that was called.
	Seats int
	// Comes is how long a job that was called takes to come at most; 0: a second. One that does not was taken by another process.
	Comes time.Duration
	// Open is from when on GitHub may be asked for a class of work of an installation. It is called often, and must not wait.
	Open func(installation int64, class Class) time.Time
	// Call brings jobs back to the queue that were put aside, and returns those that it is too early for: the queue still
	// takes them for running in this process, or is about to write down that they are put aside. Jobs that are not put aside any more,
	// for whatever reason, are none of them.
	Call func(ctx context.Context, ids []int64) (early []int64, err error)
	Now  func() time.Time
}

// Room is where the jobs of one process wait for their turn. A few wait in the room itself, so that one is at hand when a
// slot is free. All others are put aside: they go back to the queue until the room calls them. So nothing holds a worker
// while it waits, and a job that is alone does not wait behind a thousand others. It is safe for concurrent use.
type Room struct {
	Options
	mu     sync.Mutex
	closed bool
	table  *Table
	seats  map[int64]*seat
	aside  map[place][]Job  // by id
	early  map[int64]*early // jobs that were called too early
	naps   map[int64]int    // how often a job that has not started was put aside
	coming map[place][]call // called, or taken from the queue, and not here yet
	timer  *time.Timer
	wake   chan struct{}
}

// place is where the jobs of one installation and class are put aside.
type place struct {
	installation int64
	class        Class
}

// Workers is how many jobs may be in the room at the same time: those that work, those that wait, and some that come.
func (r *Room) Workers() int { return r.Slots + r.maxWaiting() + extraWorkers }

func (r *Room) maxWaiting() int { return maxWaiting * r.Seats }

// seatsOf is how many jobs of an installation and class wait in the room. New issues go one after the other, with pauses
// that are longer than a job waits there.
func (r *Room) seatsOf(c Class) int {
	if c == Issue {
		return 1
	}
	return r.Seats
}

// call is a job that was called, and when.
type call struct {
	job Job
	at  time.Time
}

// seat is a job that waits in the room.
type seat struct {
	job     Job
	verdict chan verdict // one
}

// verdict ends a wait: the job starts, or is put aside for that long.
type verdict struct {
	start bool
	aside time.Duration
}

// early is a job that was called too early: since when it is called, when it will be again, and how long that takes the next time.
type early struct {
	since, again time.Time
	pause        time.Duration
}

// NewRoom makes a room. [Room.Run] must run for as long as jobs come.
func NewRoom(o Options) *Room {
	if o.Seats == 0 {
		o.Seats = defaultSeats
	}
	if o.Comes == 0 {
		o.Comes = soon
	}
	return &Room{
		Options: o, table: NewTable(o.Slots), seats: map[int64]*seat{}, aside: map[place][]Job{}, early: map[int64]*early{}, naps: map[int64]int{},
		coming: map[place][]call{}, wake: make(chan struct{}, 1),
	}
}

// Expect tells which jobs are about to come: until they are here, no later one of their lanes starts.
func (r *Room) Expect(jobs []Job) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, j := range jobs {
		at := place{j.Installation, j.Class}
		r.arrived(at, j.ID)
		r.coming[at] = append(r.coming[at], call{j, r.Now()})
	}
}

// Enter waits until it is the job's turn, and returns what must be called at the end of its work; or nil, and for how long the
// job is to be put aside. It waits some seconds at most.
func (r *Room) Enter(ctx context.Context, j Job) (leave func(), aside time.Duration) {
	s := r.sit(j)
	timer := time.NewTimer(seatedFor)
	defer timer.Stop()
	var v verdict
	select {
	case v = <-s.verdict:
	case <-ctx.Done():
		v = r.endWait(s, func() verdict { return verdict{} })
	case <-timer.C:
		v = r.endWait(s, func() verdict { return verdict{aside: r.putAside(j)} })
	}
	if !v.start {
		return nil, v.aside
	}
	return func() { r.leave(j.ID) }, 0
}

// sit gives the job a seat, or a verdict at once.
func (r *Room) sit(j Job) *seat {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &seat{job: j, verdict: make(chan verdict, 1)}
	at := place{j.Installation, j.Class}
	r.forget(j)
	r.arrived(at, j.ID)
	switch {
	case r.closed:
		s.verdict <- verdict{}
		return s
	case r.behind(at, j.ID), r.Open(j.Installation, j.Class).After(r.Now().Add(soon)):
		s.verdict <- verdict{aside: r.putAside(j)}
		r.dispatch()
		return s
	}
	r.table.Wait(j)
	r.seats[j.ID] = s
	r.dispatch()
	r.shed(at)
	return s
}

// arrived takes a job from those that were called, and forgets those that did not come.
func (r *Room) arrived(at place, id int64) {
	coming := slices.DeleteFunc(r.coming[at], func(c call) bool { return c.job.ID == id || r.Now().Sub(c.at) > r.Comes })
	if r.coming[at] = coming; len(coming) == 0 {
		delete(r.coming, at)
	}
}

// behind reports whether an older job of the place was put aside: it goes first.
func (r *Room) behind(at place, id int64) bool {
	older := r.aside[at]
	return len(older) > 0 && older[0].ID < id
}

// awaits reports whether an older job of the same lane was called, and is about to come.
func (r *Room) awaits(j Job, now time.Time) bool {
	return j.Lane != "" && slices.ContainsFunc(r.coming[place{j.Installation, j.Class}], func(c call) bool {
		return c.job.Lane == j.Lane && c.job.ID < j.ID && now.Sub(c.at) <= r.Comes
	})
}

// endWait ends a wait with a verdict, unless it has one already.
func (r *Room) endWait(s *seat, decide func() verdict) verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case v := <-s.verdict:
		return v
	default:
	}
	delete(r.seats, s.job.ID)
	r.table.Leave(s.job.ID)
	v := decide()
	r.dispatch()
	return v
}

func (r *Room) leave(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.Leave(id)
	r.dispatch()
}

// dispatch starts whose turn it is, and sees to it that somebody looks again when that may change.
func (r *Room) dispatch() {
	now := r.Now()
	ready := func(j Job) bool { return !r.Open(j.Installation, j.Class).After(now) && !r.awaits(j, now) }
	for {
		next, ok := r.table.Next(ready)
		if !ok {
			break
		}
		s := r.seats[next.ID]
		delete(r.seats, next.ID)
		delete(r.naps, next.ID)
		s.verdict <- verdict{start: true}
	}
	if len(r.seats)+len(r.aside) == 0 {
		return
	}
	r.dispatchAt(r.opening(now))
	if len(r.aside) > 0 {
		r.again()
	}
}

// opening is when GitHub may next be asked for something that waits; now plus openFor at the latest.
func (r *Room) opening(now time.Time) time.Time {
	next := now.Add(openFor)
	if len(r.coming) > 0 {
		next = now.Add(r.Comes)
	}
	consider := func(installation int64, class Class) {
		if at := r.Open(installation, class); at.After(now) && at.Before(next) {
			next = at
		}
	}
	for _, s := range r.seats {
		consider(s.job.Installation, s.job.Class)
	}
	for at := range r.aside {
		consider(at.installation, at.class)
	}
	return next
}

// dispatchAt dispatches at a time.
func (r *Room) dispatchAt(at time.Time) {
	after := max(at.Sub(r.Now()), time.Millisecond)
	if r.timer != nil {
		r.timer.Reset(after)
		return
	}
	r.timer = time.AfterFunc(after, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.closed {
			r.dispatch()
		}
	})
}

// shed puts jobs aside that found no seat: of the place where one came, and in all.
func (r *Room) shed(at place) {
	for {
		var here []Job
		for _, s := range r.seats {
			if s.job.Installation == at.installation && s.job.Class == at.class {
				here = append(here, s.job)
			}
		}
		if len(here) <= r.seatsOf(at.class) {
			break
		}
		r.evict(slices.MaxFunc(here, func(a, b Job) int { return cmp.Compare(a.ID, b.ID) }))
	}
	for len(r.seats) > r.maxWaiting() {
		r.evict(r.lastSeated())
	}
}

// lastSeated is the job whose turn is furthest: of the installation that has the most seats, or else had its turn last; of
// its highest class, the youngest.
func (r *Room) lastSeated() Job {
	seats := map[int64]int{}
	var jobs []Job
	for _, s := range r.seats {
		seats[s.job.Installation]++
		jobs = append(jobs, s.job)
	}
	return slices.MaxFunc(jobs, func(a, b Job) int {
		return cmp.Or(
			cmp.Compare(seats[a.Installation], seats[b.Installation]),
			cmp.Compare(r.table.installation[a.Installation].turn, r.table.installation[b.Installation].turn),
			cmp.Compare(a.Class, b.Class),
			cmp.Compare(a.ID, b.ID),
		)
	})
}

func (r *Room) evict(j Job) {
	s := r.seats[j.ID]
	delete(r.seats, j.ID)
	r.table.Leave(j.ID)
	s.verdict <- verdict{aside: r.putAside(j)}
}

// putAside notes a job that goes back to the queue, and returns for how long it does so at most.
func (r *Room) putAside(j Job) time.Duration {
	at := place{j.Installation, j.Class}
	before := len(r.aside[at])
	r.insert(j)
	if len(r.naps) > maxRemembered { // of jobs that went elsewhere
		clear(r.naps)
	}
	naps := min(r.naps[j.ID], maxDoubled)
	r.naps[j.ID]++
	opens := max(r.Open(j.Installation, j.Class).Sub(r.Now()), 0)
	return opens + asideFor<<naps + time.Duration(before)*asideEach
}

// forget takes a job from those put aside: it came, or it is none any more.
func (r *Room) forget(j Job) {
	r.remove(place{j.Installation, j.Class}, j.ID)
	delete(r.early, j.ID)
}
