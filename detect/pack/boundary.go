package pack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Boundary returns the commit at which the history of head leaves the pack first: of the pack of head and all that another commit does
// not reach, the last one that both have. It is head itself where that is not in the pack, and "" where its history doesn't leave the pack.
// A pack of more than limit commits is an error that wraps [ErrLimit].
func (p *Pack) Boundary(ctx context.Context, head string, limit int) (string, error) {
	first, ok := parseID(head)
	if !ok {
		return "", fmt.Errorf("commit %q: %w: no object id of 40 hexadecimal digits", head, ErrNotFound)
	}
	parents, err := p.parents(ctx, limit)
	if err != nil {
		return "", err
	}
	seen := map[id]bool{first: true}
	for level := []id{first}; len(level) > 0; {
		var next []id
		for _, at := range level {
			above, within := parents[at]
			if !within {
				return at.String(), nil
			}
			// What was merged in is younger than the commit where the branch began.
			for _, parent := range slices.Backward(above) {
				if !seen[parent] {
					seen[parent] = true
					next = append(next, parent)
				}
			}
		}
		level = next
	}
	return "", nil
}

// parents returns the parents of each commit of the pack.
func (p *Pack) parents(ctx context.Context, limit int) (map[id][]id, error) {
	var mu sync.Mutex
	parents := map[id][]id{}
	err := p.store().each(ctx, setOf(commitKind), func(o object) error {
		if o.large != nil {
			return fmt.Errorf("a commit: %w: it has %d bytes", ErrLimit, o.large.size)
		}
		c, err := parseCommit(o.id(), o.text)
		if err != nil {
			return o.fail(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if parents[c.id] = c.parents; len(parents) > limit {
			return fmt.Errorf("the pack has more than %d commits: %w", limit, ErrLimit)
		}
		return nil
	})
	return parents, err
}

// Texts returns the contents of those of the wanted blobs that the pack holds, by their ids, in one reading of the pack. Those larger than
// limit are left out. fits is false, and nothing is returned, where the others are larger than total together.
func (p *Pack) Texts(ctx context.Context, wanted []string, limit, total int) (texts map[string][]byte, fits bool, err error) {
	want := make(map[id]bool, len(wanted))
	for _, name := range wanted {
		if i, ok := parseID(name); ok {
			want[i] = true
		}
	}
	var mu sync.Mutex
	texts = make(map[string][]byte, len(want))
	err = p.store().each(ctx, setOf(blobKind), func(o object) error {
		if o.large != nil || len(o.text) > limit {
			return nil
		}
		name := o.id()
		if !want[name] {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if total -= len(o.text); total < 0 {
			return errFound
		}
		texts[name.String()] = append([]byte{}, o.text...)
		return nil
	})
	switch {
	case errors.Is(err, errFound):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	}
	return texts, true, nil
}
