package texts

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
)

// BenchmarkTextsOfThePast reads 2,000 comments of a kilobyte, of which one in twenty was edited and one in 500 holds a key: how many texts in a
// second, what is asked of GitHub for each 10,000, and by how much the heap grows. The stand-in's part is in the first and the last: it takes
// longer for each text the more there are.
func BenchmarkTextsOfThePast(b *testing.B) {
	const texts = 2_000
	clock, present := slowly()
	p := newPastAt(b, nil, clock)
	number, _ := p.repo.OpenIssue(b.Context(), "t", "b", p.ada)
	words := strings.Repeat("It works on my machine, and not on theirs. ", 24)
	for i := range texts {
		body := fmt.Sprint(i, " ", words)
		if i%500 == 0 {
			body += p.key()
		}
		if _, err := p.repo.Comment(b.Context(), number, body, p.sam); err != nil {
			b.Fatal(err)
		}
	}
	for i, t := range p.repo.Texts() {
		if i%20 == 1 {
			if _, err := p.repo.EditText(b.Context(), t.NodeID, githubtest.Edited{Body: new(t.Body + "!")}, p.sam); err != nil {
				b.Fatal(err)
			}
		}
	}
	present()
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that the heap is little more than what is in use
	for b.Loop() {
		b.StopTimer()
		p.update(b, func(ctx context.Context, tx *ledger.Tx) error { return tx.RestartTexts(ctx, p.repo.ID()) })
		p.restart(b, github.Spent{Requests: 1e9, Points: 1e9})
		p.github.ForgetRequests()
		before, peak, stop := heap(), atomic.Uint64{}, make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
					peak.Store(max(peak.Load(), heap()))
				}
			}
		}()
		b.StartTimer()
		for p.left(b) {
			if err := p.read(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		close(stop)
		b.ReportMetric(float64(p.github.Count(githubtest.REST))*10_000/texts, "requests/10k")
		b.ReportMetric(float64(p.github.Count(githubtest.Query))*10_000/texts, "queries/10k")
		b.ReportMetric(float64(max(peak.Load(), before)-before)/(1<<20), "MiB")
		b.StartTimer()
	}
	b.ReportMetric(float64(texts)*float64(b.N)/b.Elapsed().Seconds(), "texts/s")
}

// slowly is a clock by which texts of the past are written with some moments in between, until it is set to the present.
func slowly() (now func() time.Time, present func()) {
	begin := time.Now().Add(-20 * time.Hour)
	var asked atomic.Int64
	var over atomic.Bool
	return func() time.Time {
		if over.Load() {
			return time.Now()
		}
		return begin.Add(time.Duration(asked.Add(1)) * time.Second)
	}, func() { over.Store(true) }
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// left reports whether texts are left to read.
func (p *past) left(b *testing.B) (left bool) {
	p.update(b, func(ctx context.Context, tx *ledger.Tx) error {
		all, err := tx.TextHistories(ctx)
		left = all.Done == 0
		return err
	})
	return left
}
