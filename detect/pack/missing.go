package pack

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// missing names what trees and commits refer to and a partial clone lacks. It looks at them as a scan reads them for
// other reasons, and at the end at what no scan has read.
type missing struct {
	has func(id) bool

	examined kinds // commits, trees: whether all were seen
	present  []recent
	mu       sync.Mutex
	names    map[id]string
}

// recent are ids that one worker found to be there lately. One tree holds mostly what the tree before it held.
type recent [4 << 10]id

func newMissing(has func(id) bool, workers int) *missing {
	return &missing{has: has, present: make([]recent, workers), names: map[id]string{}}
}

func (m *missing) need(worker int, name id, reason string) {
	known := &m.present[worker][(uint(name[1])<<8|uint(name[2]))%uint(len(recent{}))]
	if *known == name && name != (id{}) {
		return
	}
	if m.has(name) {
		*known = name
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.names[name] = reason
}

// commit looks at what a commit refers to.
func (m *missing) commit(worker int, c *commit) {
	m.need(worker, c.tree, "partial clone: this tree is not here")
}

// entry looks at what an entry of a tree refers to.
func (m *missing) entry(worker int, e treeEntry) {
	switch {
	case e.isTree():
		m.need(worker, *e.id(), "partial clone: this tree is not here")
	case !e.isGitlink():
		m.need(worker, *e.id(), "partial clone: this blob is not here")
	}
}

// rest looks at what was not looked at.
func (m *missing) rest(ctx context.Context, each func(context.Context, kinds, func(object) error) error) error {
	left := setOf(commitKind, treeKind) &^ m.examined
	if left == 0 {
		return nil
	}
	return each(ctx, left, func(o object) error {
		if o.kind == commitKind {
			c, err := parseCommit(o.id(), o.text)
			if err != nil {
				return o.fail(err)
			}
			m.commit(o.worker, &c)
			return nil
		}
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			m.entry(o.worker, e)
		}
		return nil
	})
}

// report says how much is missing, and names the first of it by the order of ids: a blob where there is one.
func (m *missing) report() []Skipped {
	if len(m.names) == 0 {
		return nil
	}
	first := slices.MinFunc(slices.Collect(maps.Keys(m.names)), func(a, b id) int {
		return cmp.Or(strings.Compare(m.names[a], m.names[b]), bytes.Compare(a[:], b[:]))
	})
	return []Skipped{{Object: first.String(), Reason: m.names[first], Absent: PartialClone, Count: len(m.names)}}
}
