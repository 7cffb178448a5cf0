package detect_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// zeros45MB is the base64 of the bzip2 of 45 MB of zeros. It is written backwards, so that a scan of this repository does not
// unpack it.
var zeros45MB = backwards("=AZbDIZIhCnik7inUIJVsJFSSZaKFwMMAACCAAAEAAMIAtKWBgstBkcWTZSWBFTOoplQ")

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// limits returns the reasons of what a limit left out.
func limits(skipped []detect.Skipped) (reasons []string) {
	for _, s := range skipped {
		if s.Limit {
			reasons = append(reasons, s.Reason)
		}
	}
	return reasons
}

// TestJunkHidesNoPlainKey: what is encoded may cost what it likes, the key behind it is found, and the rest is said.
func TestJunkHidesNoPlainKey(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	junk := strings.Repeat("H4sI\n", 40_000)
	res := detect.New(detect.Options{}).Examine(t.Context(), "", []byte(junk+"CLERK_SECRET_KEY="+key+"\n"))
	if len(res.Findings) != 1 || res.Findings[0].Secret.Reveal() != key {
		t.Errorf("%d findings", len(res.Findings))
	}
	if got := limits(res.Skipped); len(got) != 1 || !strings.Contains(got[0], "more work") {
		t.Errorf("left out: %v", res.Skipped)
	}
}

// TestOneBudgetForAllOfAScan: what is packed in many places, and in many objects, is charged to one budget.
func TestOneBudgetForAllOfAScan(t *testing.T) {
	t.Parallel()
	comment := strings.Repeat(zeros45MB+"\n", 65_000/(len(zeros45MB)+1))
	run := budget.NewWork(budget.RunSteps)
	scanner := detect.New(detect.Options{}).Within(run)
	for n := range 3 {
		before := run.Spent()
		res := scanner.Examine(t.Context(), "", []byte(comment))
		if len(limits(res.Skipped)) == 0 {
			t.Errorf("%d: nothing was left out", n)
		}
		most := int64(budget.HiddenSteps + len(comment)*budget.HiddenStepsPerByte + 8*budget.MiB)
		if spent := run.Spent() - before; spent > most {
			t.Errorf("%d: %d steps, want %d at most", n, spent, most)
		}
	}
	spent := detect.New(detect.Options{}).Within(budget.NewWork(0))
	res := spent.Examine(t.Context(), "", []byte("x: "+base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY="+detecttest.Key(1, detect.Live)))+strings.Repeat(" c2tfbGl2ZV8", 10_000)))
	if len(limits(res.Skipped)) == 0 {
		t.Error("a scan whose budget is used up left nothing out")
	}
}

// ending is a context that ends once it was asked that often.
type ending struct {
	context.Context
	left int
}

func (c *ending) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelIsHeeded: however long the line and whatever is repeated on it, the context is asked after as many steps as take a
// millisecond at most, and nothing is read on once it has ended. That is said.
func TestCancelIsHeeded(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, unit := range []string{`mFrX\n`, "H4sI\n", "CLERK_", "c2tfbGl2ZV8", "ak_=", detecttest.Key(1, detect.Live) + " ", "s\x00k\x00_\x00", zeros45MB + "\n"} {
		const checks = 20
		ctx := &ending{t.Context(), checks}
		steps, res := s.Steps(ctx, repeated(unit, 2<<20))
		if most := int64(checks+2) * 32 * budget.CheckSteps; steps > most {
			t.Errorf("%.20q: %d steps until the end was seen, want %d at most", unit, steps, most)
		}
		if len(limits(res.Skipped)) == 0 {
			t.Errorf("%.20q: %v", unit, res.Skipped)
		}
	}
}

// TestPlacesAreCounted reads one key's line again and again, and more keys than are kept. It counts what the process
// allocates, so that no other test may run beside it.
func TestPlacesAreCounted(t *testing.T) {
	s := detect.New(detect.Options{})
	line := "CLERK_SECRET_KEY=" + detecttest.Key(1, detect.Live) + "\n"
	text := repeated(line, 3<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	res := s.Examine(t.Context(), "", text)
	runtime.ReadMemStats(&after)
	if n := len(res.Findings); n == 0 || n > budget.Places {
		t.Errorf("%d findings", n)
	}
	if got := limits(res.Skipped); len(got) != 1 || !strings.Contains(got[0], "further places") {
		t.Errorf("left out: %v", res.Skipped)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
		t.Errorf("%d bytes were allocated for a text of %d", took, len(text))
	}
	// As much again is kept for production keys: development keys do not take their places.
	var keys strings.Builder
	for n := range budget.Credentials + 50 {
		fmt.Fprintf(&keys, "%s\n", detecttest.Key(int64(n), detect.Test))
	}
	production := detecttest.Key(1, detect.Live)
	keys.WriteString(production + "\n")
	res = s.Examine(t.Context(), "", []byte(keys.String()))
	if n := len(res.Findings); n != budget.Credentials+1 {
		t.Errorf("%d findings, want %d", n, budget.Credentials+1)
	}
	if !slices.ContainsFunc(res.Findings, func(f detect.Finding) bool { return f.Secret.Reveal() == production }) {
		t.Error("the production key is not among the findings")
	}
	if got := limits(res.Skipped); len(got) != 1 || !strings.HasPrefix(got[0], "50 further places") {
		t.Errorf("left out: %v", res.Skipped)
	}
}
