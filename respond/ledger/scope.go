package ledger

import (
	"context"
	"fmt"
)

// Scoped is a [Store] as one package sees it. T is an interface with the few methods of [*Tx] that the package uses.
type Scoped[T any] struct{ store *Store }

// Scope narrows a store to T. It panics where [*Tx] does not implement T; whoever defines T asserts that it does:
//
//	var _ Tx = (*ledger.Tx)(nil)
func Scope[T any](s *Store) Scoped[T] {
	if _, ok := any((*Tx)(nil)).(T); !ok {
		panic(fmt.Sprintf("ledger: *Tx does not implement %T", new(T)))
	}
	return Scoped[T]{s}
}

// Update is [Store.Update].
func (s Scoped[T]) Update(ctx context.Context, fn func(context.Context, T) error) error {
	return s.store.Update(ctx, func(ctx context.Context, tx *Tx) error {
		t, _ := any(tx).(T) // Scope has tried it
		return fn(ctx, t)
	})
}

// View is [Store.View].
func (s Scoped[T]) View(ctx context.Context, fn func(context.Context, T) error) error {
	return s.store.View(ctx, func(ctx context.Context, tx *Tx) error {
		t, _ := any(tx).(T) // Scope has tried it
		return fn(ctx, t)
	})
}
