package serve

import (
	"log/slog"
	"math"
	"testing"
	"testing/fstest"

	"github.com/rekey-app/rekey/detect/budget"
)

func TestLimitMemory(t *testing.T) {
	t.Parallel()
	unit := fstest.MapFS{
		"proc/self/cgroup": {Data: []byte("0::/rekey.service\n")}, "sys/fs/cgroup/rekey.service/memory.max": {Data: []byte("1073741824\n")},
	}
	for _, c := range []struct {
		name        string
		root        fstest.MapFS
		environment string
		goLimit     int64
		want        int64 // what is set; 0 for nothing
	}{
		{"a unit with 1 GiB", unit, "", math.MaxInt64, 704 << 20},
		{"GOMEMLIMIT is the operator's", unit, "500MiB", 500 << 20, 0},
		{"no limit", fstest.MapFS{}, "", math.MaxInt64, 0},
	} {
		var got int64
		set := func(limit int64) int64 {
			if limit >= 0 {
				got = limit
			}
			return c.goLimit
		}
		plan := LimitMemory(t.Context(), c.root, c.environment, set, slog.New(slog.DiscardHandler))
		if got != c.want {
			t.Errorf("%s: set to %d, want %d", c.name, got, c.want)
		}
		if plan.Packs < budget.LeastMemory || plan.Limit != math.MaxInt64 && plan.Packs > plan.Limit/2 {
			t.Errorf("%s: %+v", c.name, plan)
		}
	}
}
