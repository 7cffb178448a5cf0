package detect_test

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// FuzzSteps looks for what costs most for each byte: it repeats a text on one line, and holds the steps and the bytes that are
// allocated against what they may be. Each doubling of either is a branch of its own, which is what the fuzzer goes after.
func FuzzSteps(f *testing.F) {
	key := detecttest.Key(1, detect.Live)
	for _, seed := range []string{
		`mFrX\n`, "H4sI\n", "1f8b08&#10;", zeros45MB, key + "\n", "CLERK_", "ak_=", "claimToken=", `"_live_ `, "=5F\n", "504B0304=", "pk_live_", "whsec_" + `\`,
		base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(key)))), strings.Join(strings.Split(key, ""), "\x00"),
	} {
		f.Add([]byte(seed))
	}
	s := detect.New(detect.Options{})
	const size = 32 << 10
	f.Fuzz(func(t *testing.T, unit []byte) {
		if len(unit) == 0 || len(unit) > 256 {
			return
		}
		text := repeated(string(unit), size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		spent, _ := s.Spent(t.Context(), text)
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		if most := int64(budget.ObjectSteps + size*budget.StepsPerByte + 64*budget.CheckSteps); spent > most {
			t.Errorf("%q: %d steps for %d bytes, want %d at most", unit, spent, size, most)
		}
		// What is allocated is in proportion to the steps, and so bounded as well: nothing allocates that was not charged.
		if most := uint64(64<<20) + uint64(spent)*16; allocated > most {
			t.Errorf("%q: %d bytes allocated in %d steps", unit, allocated, spent)
		}
		_ = rungs(uint64(spent)/size, allocated/size)
	})
}

// rungs takes another branch for each doubling.
func rungs(steps, allocated uint64) (n int) {
	switch {
	case steps > 16384:
		n = 9
	case steps > 8192:
		n = 8
	case steps > 4096:
		n = 7
	case steps > 2048:
		n = 6
	case steps > 1024:
		n = 5
	case steps > 512:
		n = 4
	case steps > 256:
		n = 3
	case steps > 128:
		n = 2
	case steps > 64:
		n = 1
	}
	switch {
	case allocated > 16384:
		n += 90
	case allocated > 4096:
		n += 80
	case allocated > 1024:
		n += 70
	case allocated > 256:
		n += 60
	case allocated > 64:
		n += 50
	}
	return n
}
