package turn_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rekey-app/rekey/respond/turn"
)

// queue is a queue of jobs in memory, and what becomes of them. A job that the room puts aside comes again when it is called,
// or when its time has passed.
type queue struct {
	t    *testing.T
	room *turn.Room
	took func(turn.Job) time.Duration
	lag  time.Duration // until it is written down that a job was put aside

	mu      sync.Mutex
	aside   map[int64]*time.Timer
	jobs    map[int64]turn.Job
	entered int
	started []turn.Job
	at      map[int64]time.Duration // when each started
	begun   time.Time
	left    sync.WaitGroup
}

func newQueue(t *testing.T, slots int, open func(int64, turn.Class) time.Time, took func(turn.Job) time.Duration) *queue {
	q := &queue{t: t, took: took, lag: 5 * time.Millisecond, aside: map[int64]*time.Timer{}, jobs: map[int64]turn.Job{}, at: map[int64]time.Duration{}, begun: time.Now()}
	q.room = turn.NewRoom(turn.Options{Slots: slots, Open: open, Call: q.call, Now: time.Now})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { q.room.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		q.room.Close()
	})
	return q
}

func opened(int64, turn.Class) time.Time { return time.Time{} }

// call implements turn.Options.Call. Each other call comes too early.
func (q *queue) call(_ context.Context, ids []int64) (early []int64, err error) {
	time.Sleep(2 * time.Millisecond)
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range ids {
		if timer := q.aside[id]; timer != nil && timer.Stop() {
			delete(q.aside, id)
			go q.run(q.jobs[id])
		} else if q.jobs[id].ID != 0 {
			early = append(early, id)
		}
	}
	return early, nil
}

func (q *queue) add(jobs ...turn.Job) {
	for _, j := range jobs {
		q.mu.Lock()
		q.jobs[j.ID] = j
		q.mu.Unlock()
		q.left.Add(1)
		go q.run(j)
		synctest.Wait() // they come in their order
	}
}

func (q *queue) run(j turn.Job) {
	q.mu.Lock()
	q.entered++
	q.mu.Unlock()
	leave, aside := q.room.Enter(q.t.Context(), j)
	if leave == nil && aside == 0 { // the room is closed
		return
	}
	if leave == nil {
		time.Sleep(q.lag)
		q.mu.Lock()
		defer q.mu.Unlock()
		q.aside[j.ID] = time.AfterFunc(aside, func() { q.run(j) })
		return
	}
	q.mu.Lock()
	q.started = append(q.started, j)
	q.at[j.ID] = time.Since(q.begun)
	delete(q.jobs, j.ID)
	q.mu.Unlock()
	time.Sleep(q.took(j))
	leave()
	q.left.Done()
}

func always30(turn.Job) time.Duration { return 30 * time.Millisecond }

// TestAFloodDelaysNobody: three hundred pushes of one installation come first. The others have their turns at once.
func TestAFloodDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, always30)
		for id := range int64(300) {
			q.add(turn.Job{ID: id + 1, Installation: 1, Repository: id % 7, Class: turn.Push})
		}
		for n := range int64(19) {
			q.add(turn.Job{ID: 1000 + n, Installation: 2 + n, Repository: 100 + n, Class: turn.Push})
		}
		q.left.Wait()
		for n := range int64(19) {
			if at := slices.IndexFunc(q.started, func(j turn.Job) bool { return j.ID == 1000+n }); at > 2*20 {
				t.Errorf("installation %d was started as number %d", 2+n, at+1)
			}
		}
		if len(q.started) != 319 {
			t.Errorf("%d jobs started", len(q.started))
		}
		// At 30 ms a job, 4 at a time: what was put aside is there when a slot is free.
		if took := time.Since(q.begun); took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestSlowCallsForgetNoJob: where the database takes longer for a call than a job takes to come, a job that was called too early is
// called again. One that is forgotten comes after five minutes only.
func TestSlowCallsForgetNoJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		calls := map[int64]int{}
		room := turn.NewRoom(turn.Options{Slots: 2, Open: opened, Now: time.Now, Call: func(_ context.Context, ids []int64) ([]int64, error) {
			time.Sleep(1500 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			var early []int64
			for _, id := range ids {
				if calls[id]++; calls[id] == 1 {
					early = append(early, id)
				}
			}
			return early, nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			room.Run(ctx)
		}()
		leaves := make(chan func(), 9)
		enter := func(id int64) {
			go func() {
				if leave, _ := room.Enter(ctx, turn.Job{ID: id, Installation: 1, Repository: id, Class: turn.Push}); leave != nil {
					leaves <- leave
				}
			}()
			synctest.Wait()
		}
		for id := range int64(4) { // the first starts, two have seats, and the last is put aside
			enter(id + 1)
		}
		(<-leaves)() // the second starts, and the last is called
		time.Sleep(1200 * time.Millisecond)
		enter(5) // while the call is under way
		(<-leaves)()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		mu.Lock()
		if calls[4] < 2 {
			t.Errorf("the job that was called too early was called %d times", calls[4])
		}
		mu.Unlock()
		cancel()
		room.Close()
		<-ended // the last call has returned
	})
}

// TestAJobIsCalledUntilItCanBe: the queue takes seconds to write down that jobs were put aside, as where PostgreSQL ends a deadlock, while
// the room is busy with others. A job that is given up comes after five minutes only.
func TestAJobIsCalledUntilItCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, func(j turn.Job) time.Duration {
			if j.Installation == 1 {
				return time.Second
			}
			return time.Millisecond
		})
		q.lag = 2500 * time.Millisecond
		for id := range int64(12) {
			q.add(turn.Job{ID: id + 1, Installation: 1, Repository: id, Class: turn.Push})
		}
		for id := range int64(3000) { // each that starts and ends is an occasion to call
			q.add(turn.Job{ID: 100 + id, Installation: 2, Repository: 2, Class: turn.Check})
			time.Sleep(time.Millisecond)
		}
		q.left.Wait()
		if took := time.Since(q.begun); took > time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

// TestLanesKeepTheirOrder lets a flood pass through few lanes, most of it put aside for a time.
func TestLanesKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, always30)
		for id := range int64(200) {
			q.add(turn.Job{ID: id + 1, Installation: 1 + id%2, Repository: id % 6, Lane: string(rune('a' + id%6)), Class: turn.Push})
		}
		q.left.Wait()
		last := map[string]int64{}
		for _, j := range q.started {
			if j.ID < last[j.Lane] {
				t.Errorf("job %d started after %d of its lane", j.ID, last[j.Lane])
			}
			last[j.Lane] = j.ID
		}
	})
}

// TestAPushPassesStrangers: a flood of strangers' pull requests to one repository does not hold its own pushes.
func TestAPushPassesStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, func(j turn.Job) time.Duration {
			if j.Class == turn.Stranger {
				return time.Minute
			}
			return 30 * time.Millisecond
		})
		for id := range int64(50) {
			q.add(turn.Job{ID: id + 1, Installation: 1, Repository: 1, Class: turn.Stranger})
		}
		came := time.Since(q.begun)
		q.add(turn.Job{ID: 100, Installation: 1, Repository: 1, Class: turn.Push})
		q.left.Wait()
		if waited := q.at[100] - came; waited > 10*time.Millisecond {
			t.Errorf("the push waited %s", waited)
		}
	})
}

// TestNobodyIsWokenInVain: GitHub takes a new issue every 27 seconds. Each time one job starts; the others stay where they are.
func TestNobodyIsWokenInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var next time.Time
		q := newQueue(t, 8, func(_ int64, c turn.Class) time.Time {
			mu.Lock()
			defer mu.Unlock()
			if c == turn.Issue {
				return next
			}
			return time.Time{}
		}, func(turn.Job) time.Duration {
			mu.Lock()
			defer mu.Unlock()
			next = time.Now().Add(27 * time.Second)
			return 100 * time.Millisecond
		})
		const jobs = 100
		for id := range int64(jobs) {
			q.add(turn.Job{ID: id + 1, Installation: 1, Repository: id % 5, Lane: "issues", Class: turn.Issue})
		}
		q.left.Wait()
		if q.entered > 4*jobs {
			t.Errorf("%d jobs were woken %d times", jobs, q.entered)
		}
		for i, j := range q.started {
			if j.ID != int64(i+1) {
				t.Errorf("job %d started as number %d", j.ID, i+1)
			}
			if i > 0 && q.at[j.ID]-q.at[q.started[i-1].ID] > 28*time.Second {
				t.Errorf("job %d started %s after the one before", j.ID, q.at[j.ID]-q.at[q.started[i-1].ID])
			}
		}
	})
}

// TestClosing sends everybody back to the queue, and starts nobody.
func TestClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 1, opened, func(turn.Job) time.Duration { return 2 * time.Second })
		for id := range int64(10) {
			q.add(turn.Job{ID: id + 1, Installation: 1, Class: turn.Push})
		}
		time.Sleep(time.Second)
		q.room.Close()
		synctest.Wait()
		if len(q.started) != 1 {
			t.Errorf("%d started", len(q.started))
		}
		if leave, aside := q.room.Enter(t.Context(), turn.Job{ID: 99}); leave != nil || aside != 0 {
			t.Errorf("a closed room lets somebody in, or keeps him for %s", aside)
		}
		time.Sleep(time.Hour)
		if len(q.started) != 1 {
			t.Errorf("%d started", len(q.started))
		}
	})
}

// TestJobsThatComeTogetherKeepTheirOrder: a queue hands out jobs of one lane at once, and starts them in any order.
func TestJobsThatComeTogetherKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, always30)
		var jobs []turn.Job
		for id := range int64(20) {
			jobs = append(jobs, turn.Job{ID: id + 1, Installation: 1, Repository: 1, Lane: "main", Class: turn.Push})
		}
		q.room.Expect(jobs)
		slices.Reverse(jobs)
		q.add(jobs...)
		q.left.Wait()
		if !slices.IsSortedFunc(q.started, func(a, b turn.Job) int { return int(a.ID - b.ID) }) {
			t.Errorf("started in the order %v", q.started)
		}
	})
}

// TestAJobThatDoesNotComeHoldsUpNobodyForLong: it was handed out, and then its process had other things to do.
func TestAJobThatDoesNotComeHoldsUpNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, 8, opened, always30)
		job := func(id int64) turn.Job {
			return turn.Job{ID: id, Installation: 1, Repository: 1, Lane: "main", Class: turn.Push}
		}
		q.room.Expect([]turn.Job{job(1), job(2)})
		q.add(job(2))
		q.left.Wait()
		if at := q.at[2]; at > 2*time.Second {
			t.Errorf("it started after %s", at)
		}
	})
}
