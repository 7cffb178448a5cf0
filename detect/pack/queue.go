package pack

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// queue deals out the work of one walk over a store: heavy delta trees first, so that no worker is left alone with one
// at the end, then entries in the order of offsets, then loose objects.
type queue struct {
	store *store
	heavy []span
	total int // entries and loose objects

	at       atomic.Int64
	mu       sync.Mutex
	count    int
	reported int
}

// span is a part of the work: entries of a pack, or loose objects where pack is nil. It is empty when there is no more.
type span struct {
	pack     *packfile
	from, to int
	heavy    bool // one heavy root; else all in the span that are no heavy roots
}

// batch is how many entries a worker takes at once.
const batch = 64

func newQueue(s *store, wanted kinds) *queue {
	q := &queue{store: s, total: len(s.loose)}
	for _, p := range s.packs {
		q.total += len(p.offsets)
	}
	for _, p := range s.packs {
		for i := range p.offsets {
			if q.isHeavy(p, i) && p.isRoot(i, wanted) {
				q.heavy = append(q.heavy, span{p, i, i + 1, true})
			}
		}
	}
	slices.SortStableFunc(q.heavy, func(a, b span) int { return cmp.Compare(b.pack.weight[b.from], a.pack.weight[a.from]) })
	return q
}

// isRoot reports whether a delta tree of the wanted kinds starts at the entry.
func (p *packfile) isRoot(entry int, wanted kinds) bool {
	return p.bases[entry] == none && wanted.has(p.kinds[entry])
}

func (q *queue) isHeavy(p *packfile, entry int) bool {
	return int(p.weight[entry]) > max(q.total/(32*q.store.opts.Workers), 2*batch)
}

// next returns work that nobody has taken.
func (q *queue) next() span {
	at := int(q.at.Add(1)) - 1
	if at < len(q.heavy) {
		return q.heavy[at]
	}
	at = (at - len(q.heavy)) * batch
	for _, p := range q.store.packs {
		if at < len(p.offsets) {
			return span{pack: p, from: at, to: min(at+batch, len(p.offsets))}
		}
		at -= (len(p.offsets) + batch - 1) / batch * batch
	}
	if at < len(q.store.loose) {
		return span{from: at, to: min(at+batch, len(q.store.loose))}
	}
	return span{}
}

// done tells the progress.
func (q *queue) done(s span) {
	tell := q.store.opts.Progress
	if tell == nil || s.heavy {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count += s.to - s.from
	if q.count < q.total && (q.count-q.reported)*progressSteps < q.total {
		return
	}
	q.reported = q.count
	tell(Progress{Objects: q.count, Total: q.total, Bytes: q.store.inflated.Load()})
}
