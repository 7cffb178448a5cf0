package pack

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
)

// nameMissing names what trees and commits speak of and a partial clone has not.
func (r *Repository) nameMissing(ctx context.Context, report *Report) error {
	var (
		mu      sync.Mutex
		missing = map[id]string{}
	)
	need := func(name id, reason string) {
		_, loose := r.store.findLoose(name)
		if !loose && !r.inPack(name) {
			mu.Lock()
			defer mu.Unlock()
			missing[name] = reason
		}
	}
	err := r.store.each(ctx, setOf(commitKind, treeKind), func(o object) error {
		if o.kind == commitKind {
			c, err := parseCommit(o.id(), o.text)
			if err != nil {
				return o.fail(err)
			}
			need(c.tree, "partial clone: this tree is not here")
			return nil
		}
		for text := o.text; len(text) > 0; {
			e, rest, err := nextEntry(text)
			if err != nil {
				return o.fail(err)
			}
			text = rest
			switch {
			case e.isTree():
				need(e.id, "partial clone: this tree is not here")
			case !e.isGitlink():
				need(e.id, "partial clone: this blob is not here")
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var names []Skipped
	for _, name := range slices.SortedFunc(maps.Keys(missing), func(a, b id) int { return bytes.Compare(a[:], b[:]) }) {
		names = append(names, Skipped{name.String(), missing[name]})
	}
	report.Skipped = append(report.Skipped, shorten(names, len(names))...)
	return nil
}
