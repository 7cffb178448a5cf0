package worktree

import (
	"container/heap"
	"context"
)

// Between returns the commits that to has and from has not, the youngest first. from "" has none. Where clocks were wrong
// it may return some that from has, too; it never leaves one out.
func (t *Tree) Between(ctx context.Context, from, to ID) ([]Commit, error) {
	w := walk{tree: t, seen: map[ID]*node{}}
	if from != "" {
		if err := w.add(from, true); err != nil {
			return nil, err
		}
	}
	if to != "" {
		if err := w.add(to, false); err != nil {
			return nil, err
		}
	}
	for len(w.queue) > 0 && (w.wanted > 0 || len(w.found) > 0 && w.queue[0].committed >= w.oldest) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := w.next(); err != nil {
			return nil, err
		}
	}
	var commits []Commit
	for _, n := range w.found {
		if !n.unwanted {
			commits = append(commits, n.Commit)
		}
	}
	return commits, nil
}

// node is a commit that a walk has seen.
type node struct {
	Commit
	unwanted, queued bool
}

// walk goes from the youngest commits to older ones, and marks what from has.
type walk struct {
	tree   *Tree
	seen   map[ID]*node
	queue  queue
	wanted int // in the queue
	found  []*node
	oldest int64 // of found, in seconds since 1970
}

func (w *walk) add(id ID, unwanted bool) error {
	if n := w.seen[id]; n != nil {
		if unwanted {
			w.unwant(n)
		}
		return nil
	}
	c, err := w.tree.Commit(id)
	if err != nil {
		return err
	}
	n := &node{c, unwanted, true}
	w.seen[id] = n
	heap.Push(&w.queue, n)
	if !unwanted {
		w.wanted++
	}
	return nil
}

func (w *walk) next() error {
	n := heap.Pop(&w.queue).(*node) //nolint:forcetypeassert // nothing else is in it
	n.queued = false
	if !n.unwanted {
		w.wanted--
		w.found, w.oldest = append(w.found, n), n.committed
	}
	for _, parent := range n.Parents {
		if err := w.add(parent, n.unwanted); err != nil {
			return err
		}
	}
	return nil
}

// unwant marks a commit that was seen already, and all below it that were.
func (w *walk) unwant(n *node) {
	for todo := []*node{n}; len(todo) > 0; {
		n, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if n.unwanted {
			continue
		}
		n.unwanted = true
		if n.queued {
			w.wanted--
		}
		for _, parent := range n.Parents {
			if below := w.seen[parent]; below != nil {
				todo = append(todo, below)
			}
		}
	}
}

// queue holds commits, the youngest first.
type queue []*node

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].committed > q[j].committed }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(n any)        { *q = append(*q, n.(*node)) } //nolint:forcetypeassert // nothing else is in it
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
