// The race detector allocates on its own.

//go:build !race

package observe_test

import (
	"errors"
	"testing"
)

// Where nothing is traced, tracing allocates nothing.
func TestNothingTracedCostsNothing(t *testing.T) {
	ctx, fault := t.Context(), errors.New("no")
	if n := testing.AllocsPerRun(100, func() { work(ctx, nil, fault) }); n != 0 {
		t.Errorf("%.0f allocations", n)
	}
}
