package ledger_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
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
