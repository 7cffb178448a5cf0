package budget_test

import (
	"math"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/rekey-app/rekey/detect/budget"
)

func TestWorkIsChargedToAllAround(t *testing.T) {
	t.Parallel()
	run := budget.NewWork(100)
	a, b := budget.NewWork(80, run), budget.NewWork(80, nil, run)
	if !a.Spend(70) || a.Left() != 10 || b.Left() != 30 {
		t.Errorf("left %d and %d", a.Left(), b.Left())
	}
	if b.Spend(40) || run.Spent() != 110 || b.Left() != 0 {
		t.Errorf("the run has spent %d, left %d", run.Spent(), b.Left())
	}
	run.Allow(50)
	if !b.Spend(1) || b.Left() != 39 {
		t.Errorf("left %d", b.Left())
	}
	var none *budget.Work
	none.Allow(1)
	if !none.Spend(math.MaxInt64) || none.Spent() != 0 || none.Left() != math.MaxInt64 {
		t.Error("no budget is no bound")
	}
}

func TestMemoryIsNeverOver(t *testing.T) {
	t.Parallel()
	m := budget.NewMemory(10)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if m.TryAcquire(4) {
					if m.TryAcquire(4) { // within
						m.Release(4)
					}
					m.Release(4)
				}
			}
		})
	}
	wg.Wait()
	if m.Used() != 0 || m.Peak() > 10 || m.Peak() < 4 {
		t.Errorf("used %d, at most %d", m.Used(), m.Peak())
	}
	if m.TryAcquire(11) || !m.TryAcquire(10) || m.TryAcquire(1) {
		t.Error("not what is free")
	}
	if !(*budget.Memory)(nil).TryAcquire(math.MaxInt64) {
		t.Error("no budget is no bound")
	}
}

func TestProcessLimit(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	const none = int64(math.MaxInt64)
	for _, test := range []struct {
		name string
		fs   fstest.MapFS
		goes int64
		want int64
	}{
		{"nothing", fstest.MapFS{}, none, none},
		{"GOMEMLIMIT alone", fstest.MapFS{}, 5, 5},
		{"a unit of systemd", fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/rekey.service\n"),
			"sys/fs/cgroup/system.slice/rekey.service/memory.max": file("1073741824\n"),
			"sys/fs/cgroup/system.slice/memory.max":               file("max\n"),
		}, none, 1 << 30},
		{"a slice with less", fstest.MapFS{
			"proc/self/cgroup": file("0::/system.slice/rekey.service\n"),
			"sys/fs/cgroup/system.slice/rekey.service/memory.max": file("1073741824\n"),
			"sys/fs/cgroup/system.slice/memory.max":               file("1000\n"),
		}, none, 1000},
		{"a container", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("2048\n")}, 4096, 2048},
		{"a container that sees the host's path", fstest.MapFS{
			"proc/self/cgroup": file("0::/../../docker/abc\n"), "sys/fs/cgroup/memory.max": file("2048\n"),
		}, none, 2048},
		{"version 1 without a limit", fstest.MapFS{
			"proc/self/cgroup":                           file("5:memory:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n"),
		}, none, none},
		{"version 1", fstest.MapFS{
			"proc/self/cgroup":                                      file("7:cpu:/x\n5:memory:/docker/abc\n1:name=systemd:/x\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes":            file("9223372036854771712\n"),
			"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": file("4096\n"),
		}, none, 4096},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := budget.ProcessLimit(test.fs, test.goes); got != test.want {
				t.Errorf("%d, want %d", got, test.want)
			}
		})
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int64]int64{
		math.MaxInt64: budget.ProcessMemory, 1 << 20: budget.LeastMemory, 1 << 30: 256 << 20, 1 << 50: budget.MostMemory,
	} {
		if got := budget.Share(limit); got != want {
			t.Errorf("Share(%d) = %d, want %d", limit, got, want)
		}
	}
}
