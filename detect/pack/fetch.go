package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// fetch returns one object's content, if it is of a wanted kind. Without an index that takes hashing what is there. An
// object over limit is an error that wraps [ErrLimit], one that is not there an error that wraps [ErrNotFound].
func (s *store) fetch(ctx context.Context, name id, wanted kinds, limit int64) ([]byte, error) {
	var (
		mu    sync.Mutex
		found []byte
		large int64
	)
	take := func(o object) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case o.large != nil:
			large = int64(o.large.size)
		case int64(len(o.text)) > limit:
			large = int64(len(o.text))
		case wanted.has(o.kind):
			found = append([]byte{}, o.text...)
		}
		return errFound
	}
	err := s.find(ctx, name, wanted, take)
	switch {
	case found != nil:
		return found, nil
	case large > 0:
		return nil, fmt.Errorf("object %v: %w: it has %d bytes, %d are allowed", name, ErrLimit, large, limit)
	case err == nil || err == errFound:
		return nil, fmt.Errorf("object %v: %w", name, ErrNotFound)
	}
	return nil, fmt.Errorf("object %v: %w", name, err)
}

// visit calls do for the object of that name: with its text, or a reader for what is too large to be made.
func (s *store) visit(ctx context.Context, name id, wanted kinds, do func(text []byte, large io.Reader) error) error {
	var mu sync.Mutex
	found := false
	err := s.find(ctx, name, wanted, func(o object) error {
		mu.Lock()
		defer mu.Unlock()
		if found || !wanted.has(o.kind) {
			return errFound
		}
		found = true
		var err error
		if o.large != nil {
			err = o.large.read(func(r io.Reader) error { return do(nil, r) })
		} else {
			err = do(o.text, nil)
		}
		if err != nil {
			return err
		}
		return errFound
	})
	switch {
	case err != nil && !errors.Is(err, errFound):
		return fmt.Errorf("object %v: %w", name, err)
	case !found:
		return fmt.Errorf("object %v: %w", name, ErrNotFound)
	}
	return nil
}

// find calls visit for the object of that name, if there is one.
func (s *store) find(ctx context.Context, name id, wanted kinds, visit func(object) error) error {
	w := newWalker(s.opts, 0, &s.inflated)
	defer w.memory.close()
	at, isLoose := s.findLoose(name)
	if isLoose {
		return s.readLoose(w, s.loose[at], wanted, visit)
	}
	for _, p := range s.packs {
		if p.index == nil {
			return s.each(ctx, wanted, func(o object) error {
				if o.id() != name {
					return nil
				}
				return visit(o)
			})
		}
		if entry, ok := p.index.find(name); ok {
			return w.read(p, entry, visit)
		}
	}
	return nil
}

func (s *store) findLoose(name id) (at int, ok bool) {
	return slices.BinarySearchFunc(s.loose, name, func(l looseObject, name id) int { return bytes.Compare(l.id[:], name[:]) })
}

// read makes one object of its chain of bases.
func (w *walker) read(p *packfile, entry int32, visit func(object) error) error {
	chain := []int32{entry}
	for b := p.bases[entry]; b != none; b = p.bases[b] {
		chain = append(chain, b)
	}
	var text buffer
	for _, e := range slices.Backward(chain) {
		next, err := w.materialize(p, e, text.data, false)
		w.memory.back(text)
		if err != nil {
			return p.fail(e, err)
		}
		text = next
	}
	defer w.memory.back(text)
	return visit(object{pack: p, entry: entry, kind: p.kinds[entry], text: text.data})
}
