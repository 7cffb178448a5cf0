package pack

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// store is where a scan's objects come from: packs, and what stands beside them.
type store struct {
	opts  Options
	packs []*packfile
	loose []looseObject
	// tolerant leaves out what is damaged, and names it in skipped, instead of giving up.
	tolerant bool
	// verified means that the checksum behind each entry was verified before.
	verified bool

	inflated atomic.Int64 // bytes made, by all walks
	unwanted atomic.Int64 // loose objects of other kinds, met by the last walk
	mu       sync.Mutex
	skipped  map[id]string
	// over are entries of a pack without index that are over a limit.
	over    omitted
	overAll map[int32]bool
}

// each makes all objects of the wanted kinds on all workers and calls visit for each, in no order. Visits of different
// workers run at once; an object that several packs hold is visited once. The first error ends it.
func (s *store) each(ctx context.Context, wanted kinds, visit func(object) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	q := newQueue(s, wanted)
	s.unwanted.Store(0)
	_ = concurrently(s.opts.Workers, func(number int) (err error) {
		defer func() {
			if err != nil {
				cancel(err)
			}
		}()
		defer Contain(&err)
		return s.work(ctx, number, q, wanted, visit)
	})
	return context.Cause(ctx)
}

// work is what one worker of each does.
func (s *store) work(ctx context.Context, number int, q *queue, wanted kinds, visit func(object) error) (err error) {
	// A mapped file that another process cuts off is an error of its bytes, not the end of this process.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	w := newWalker(s.opts, number, &s.inflated)
	defer w.memory.close()
	w.broken = s.leaveOut
	w.inflate.Trust = s.verified
	seen := func(o object) error {
		if o.pack != nil && o.pack.copies != nil && o.pack.copies[o.entry] {
			return nil
		}
		err := visit(o)
		if err != nil && s.skip(err) {
			s.name(o.id(), err)
			return nil
		}
		return err
	}
	for {
		next := q.next()
		if next.from == next.to {
			return nil
		}
		for i := next.from; i < next.to; i++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			if next.pack == nil {
				err = s.visitLoose(w, s.loose[i], wanted, seen)
			} else if next.pack.isRoot(i, wanted) && next.heavy == q.isHeavy(next.pack, i) {
				err = w.walk(ctx, next.pack, int32(i), seen)
			}
			if err != nil {
				return err
			}
		}
		if err := w.addInflated(); err != nil {
			return err
		}
		q.done(next)
	}
}

// skip reports whether the scan goes on without the object that err is about.
func (s *store) skip(err error) bool {
	return s.tolerant && (errors.Is(err, ErrCorrupt) || errors.Is(err, ErrLimit)) && !errors.Is(err, errTotal)
}

// name notes an object that was left out.
func (s *store) name(object id, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.skipped == nil {
		s.skipped = map[id]string{}
	}
	if _, ok := s.skipped[object]; !ok {
		s.skipped[object] = err.Error()
	}
}

// leaveOut notes an entry that cannot be made, and what is made from it.
func (s *store) leaveOut(p *packfile, entry int32, err error) error {
	if p.index == nil && errors.Is(err, ErrLimit) && !errors.Is(err, errTotal) {
		s.leaveOver(p, entry, err)
		return nil
	}
	if !s.skip(err) || p.index == nil {
		return err
	}
	for left := []int32{entry}; len(left) > 0; {
		e := left[len(left)-1]
		left = left[:len(left)-1]
		s.name(p.index.id(e), err)
		for c := p.first[e]; c != none; c = p.sibling[c] {
			left = append(left, c)
		}
	}
	return nil
}

// leaveOver notes an entry that is over a limit. There is no id to name it by.
func (s *store) leaveOver(p *packfile, entry int32, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.overAll[entry] {
		return
	}
	if s.overAll == nil {
		s.overAll = map[int32]bool{}
	}
	s.overAll[entry] = true
	reason := err.Error()
	if n := p.weight[entry] - 1; n > 0 {
		reason += fmt.Sprintf(", and with it %d that are made from it", n)
	}
	s.over.add(Skipped{Reason: reason, Limit: true})
}
