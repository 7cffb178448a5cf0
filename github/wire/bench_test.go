package wire_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/wire"
)

// BenchmarkPush is our own part of one push: 22 KB in one packet, without a network.
func BenchmarkPush(b *testing.B) {
	benchmark(b, pkt("packfile\n", "\x01"+strings.Repeat("x", 22_000), "0000"), 22_000)
}

// BenchmarkHistory is our own part of a history: 64 MiB in packets of the greatest size.
func BenchmarkHistory(b *testing.B) {
	const size = 65515
	packets := make([]string, 0, 1026)
	packets = append(packets, "packfile\n")
	for range 1024 {
		packets = append(packets, "\x01"+strings.Repeat("x", size))
	}
	benchmark(b, pkt(append(packets, "0000")...), 1024*size)
}

func benchmark(b *testing.B, answer string, size int64) {
	c := &wire.Client{HTTP: &http.Client{Transport: canned(answer)}}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		body, err := c.Fetch(b.Context(), "http://git.example/acme/shop", wanted)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, body); err != nil || n != size {
			b.Fatal(n, err)
		}
		body.Close()
	}
}
