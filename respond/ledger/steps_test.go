package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// However long steps take, the next one is of a bounded size; one that was long is never followed by a larger one.
func TestStepsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := ledger.FirstStep
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			took := time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "took"))
			next := ledger.NextStep(limit, took)
			if next < ledger.MinStep || next > ledger.MaxStep {
				t.Fatalf("a step of %d", next)
			}
			if took > ledger.StepLong && limit > ledger.MinStep && next >= limit {
				t.Fatalf("%d after a step of %d that took %s", next, limit, took)
			}
			limit = next
		}
	})
}

// Many rows go in many transactions, none of which deletes more than a step's rows, and one process at a time does it.
func TestPruningInSteps(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		const many = 2500
		now, looks := start(), func() {}
		s := ledgertest.Open(t, ledger.Options{URL: url, Now: func() time.Time { looks(); return now }})
		for first := 0; first < many; first += 500 {
			var list []ledger.Delivery
			for i := range 500 {
				list = append(list, ledger.Delivery{GUID: fmt.Sprint(first + i), Event: "push", Received: start()})
			}
			if _, err := s.Accept(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.Exec(ctx, `UPDATE deliveries SET finished = $1`, start())
		})
		left := func() (n int64) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				n, err = tx.Count(ctx, "deliveries")
				return err
			})
			return n
		}
		now = start().Add(31 * day)
		err := s.HoldLease(t.Context(), func() {
			s.Prune(t.Context(), ledger.DefaultRetention)
			equal(t, "deliveries while another process prunes", left(), int64(many))
		})
		if err != nil {
			t.Fatal(err)
		}
		// The clock is read before each transaction.
		most, last := int64(0), int64(many)
		var look func()
		look = func() {
			looks = func() {}
			n := left()
			most, last = max(most, last-n), n
			looks = look
		}
		looks = look
		s.Prune(t.Context(), ledger.DefaultRetention)
		equal(t, "deliveries left", last, int64(0))
		if most > ledger.MaxStep || most == 0 {
			t.Errorf("one transaction deleted %d deliveries", most)
		}
		t.Logf("the largest step deleted %d deliveries", most)
	})
}

// A clean scan goes with its check run; what showed a leak stays, and so does a tip's check that names what was not read.
func TestWhatIsPruned(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		head := func(n int) string { return fmt.Sprintf("%040x", n) }
		const clean, leaking, tip, gap, unjudged = 1, 2, 3, 4, 5
		for n := clean; n <= unjudged; n++ {
			scan := scanOf(head(n), "push")
			scan.Ref = fmt.Sprintf("refs/heads/%d", n)
			var seen []respond.Observation
			switch n {
			case leaking:
				seen = append(seen, observation("f1", 1))
			case unjudged:
				scan.Unjudged = []string{"too large"}
			}
			record(t, s, scan, seen...)
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				errs := []error{tx.SaveCheck(ctx, ledger.Check{Repository: 9, Head: head(n), RunID: int64(n)})}
				switch n {
				case clean, leaking:
					errs = append(errs, tx.RecordRead(ctx, 9, head(n)))
				case gap:
					errs = append(errs, tx.SetTip(ctx, 9, scan.Ref, head(n), time.Time{}), tx.RecordGap(ctx, 9, scan.Ref, "", head(n), []string{"too large"}))
				default:
					errs = append(errs, tx.SetTip(ctx, 9, scan.Ref, head(n), time.Time{}))
				}
				return errors.Join(errs...)
			})
		}
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return tx.RecordNotice(ctx, "gone", 9, []byte("{}"))
		})
		clock.Time = start().Add(29 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		n := counted(t, s)
		equal(t, "after 29 days", []int64{n["scans"], n["checks"], n["read_tips"], n["notices"]}, []int64{5, 5, 5, 1})

		clock.Time = start().Add(31 * day)
		s.Prune(t.Context(), ledger.DefaultRetention)
		var left []int
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for n := clean; n <= unjudged; n++ {
				scans, err := tx.Scans(ctx, 9, head(n))
				if err != nil {
					return err
				}
				_, err = tx.Check(ctx, 9, head(n))
				if (len(scans) > 0) != (err == nil) {
					t.Errorf("head %d has %d scans, and its check: %v", n, len(scans), err)
				}
				if len(scans) > 0 {
					left = append(left, n)
				}
			}
			return nil
		})
		equal(t, "heads that are left", left, []int{leaking, gap, unjudged})
		n = counted(t, s)
		equal(t, "after 31 days", []int64{n["read_tips"], n["notices"], n["leaks"], n["sightings"], n["scan_sightings"]}, []int64{3, 0, 1, 1, 1})
	})
}
