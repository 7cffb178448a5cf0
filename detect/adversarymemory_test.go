// The race detector makes every sync.Pool forget some of what it holds, so that what is allocated depends on chance.

//go:build !race

package detect_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// TestAdversariesTakeLittleMemory examines repeats of all that costs most, and large files that ask for much memory, in a text: what
// is held at once stays under its bound, and what is allocated for each step of work under two bytes. It counts what the process
// allocates, so that no other test may run beside it.
func TestAdversariesTakeLittleMemory(t *testing.T) {
	texts := map[string][]byte{}
	for _, unit := range costliest(t, detect.New(detect.Options{}), 20) {
		texts[fmt.Sprintf("%.20q repeated", unit)] = repeated(unit, 512<<10)
	}
	for name, file := range hungryFiles(t) {
		texts[name] = []byte("a: " + base64.StdEncoding.EncodeToString([]byte(file)) + "\n")
	}
	for name, text := range texts {
		memory := budget.NewMemory(budget.ProcessMemory)
		work := budget.NewWork(48 << 20)
		s := detect.New(detect.Options{Memory: memory}).Within(work)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s.Examine(t.Context(), "", text)
		runtime.ReadMemStats(&after)
		if memory.Peak() > budget.TextMemory || memory.Used() != 0 {
			t.Errorf("%s: %d bytes were held at once, and %d still are", name, memory.Peak(), memory.Used())
		}
		// What a scanner holds that is new: windows and decoders that are used again.
		most := uint64(budget.TextMemory) + 2*uint64(work.Spent())
		if took := after.TotalAlloc - before.TotalAlloc; took > most {
			t.Errorf("%s: %d bytes were allocated in %d steps", name, took, work.Spent())
		}
	}
}
