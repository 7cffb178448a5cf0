package queue_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// BenchmarkAccept writes deliveries of 10 KiB, 64 in a transaction.
func BenchmarkAccept(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkAccept(b, ledgertest.SQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkAccept(b, ledgertest.Postgres(b)) })
}

func benchmarkAccept(b *testing.B, url string) {
	s := ledgertest.Open(b, ledger.Options{URL: url})
	var body []byte // compresses as payloads do
	for i := 0; len(body) < 10<<10; i++ {
		h := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		body = fmt.Appendf(body, `{"id":"%x","url":"https://api.github.com/repos/acme/shop/commits","author":{"name":"Mona"}},`, h[:20])
	}
	const batch = 64
	n := 0
	for b.Loop() {
		list := make([]ledger.Delivery, batch)
		for i := range list {
			n++
			list[i] = ledger.Delivery{GUID: fmt.Sprintf("%08x-cc78-11e3", uint32(n)*2654435761), Event: "push", Body: body}
		}
		if _, err := s.Accept(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "deliveries/s")
}

// BenchmarkWake measures from the acceptance of a delivery to the start of its job, in a queue that has nothing else to do.
func BenchmarkWake(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkWake(b, ledgertest.SQLite(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkWake(b, ledgertest.Postgres(b)) })
}

func benchmarkWake(b *testing.B, url string) {
	s := ledgertest.Open(b, ledger.Options{URL: url})
	begun := make(chan time.Time)
	work(b, s, jobs{delivery: func(context.Context, *river.Job[job.Delivery]) error {
		begun <- time.Now()
		return nil
	}}, queue.Config{})
	var took []time.Duration
	for b.Loop() {
		time.Sleep(50 * time.Millisecond)
		accepted := time.Now()
		d := ledger.Delivery{GUID: fmt.Sprint(len(took)), Event: "push"}
		if _, err := s.Accept(b.Context(), []ledger.Delivery{d}); err != nil {
			b.Fatal(err)
		}
		took = append(took, (<-begun).Sub(accepted))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
