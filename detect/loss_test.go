package detect_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
)

const (
	digits    = "0123456789"
	lowers    = "abcdefghijklmnopqrstuvwxyz"
	allBase62 = digits + lowers + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// TestLosses draws credentials at random, none of them chosen, and counts those that the rules take for placeholders. A million
// of each kind take some minutes:
//
//	REKEY_LOSS_DRAWS=1000000 go test -count=1 -run TestLosses -v ./detect
func TestLosses(t *testing.T) {
	t.Parallel()
	draws := 5_000
	if s := os.Getenv("REKEY_LOSS_DRAWS"); s != "" {
		var err error
		if draws, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	s := detect.New(detect.Options{})
	bytesOf := func(rng *rand.Rand, n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	of := func(alphabet string, n int) func(*rand.Rand) string {
		return func(rng *rand.Rand) string {
			b := make([]byte, n)
			for i := range b {
				b[i] = alphabet[rng.IntN(len(alphabet))]
			}
			return string(b)
		}
	}
	for _, c := range []struct {
		name   string
		before string // what stands before the draw on its line
		draw   func(*rand.Rand) string
		most   float64 // lost of a million
	}{
		// Measured shapes.
		{"secret key", "CLERK_SECRET_KEY=sk_" + "live_", of(allBase62, 42), 1},
		{"secret key alone", "sk_" + "test_", of(allBase62, 42), 1},
		{"claim URL", "https://dashboard.clerk.com/apps/claim?" + "token=", of(lowers+digits, 40), 5},
		{"claim token", `{"createdAt":"2026","claimToken":"`, of(lowers+digits, 40), 5},
		{"webhook secret", "CLERK_WEBHOOK_SECRET=whsec_", func(rng *rand.Rand) string { return base64.StdEncoding.EncodeToString(bytesOf(rng, 24)) }, 5},
		{"legacy key", "CLERK_API_KEY=test_", of(allBase62, 34), 5},
		// Documented, or what tools for it make.
		{"encryption key, hexadecimal", "CLERK_ENCRYPTION_KEY=", func(rng *rand.Rand) string { return hex.EncodeToString(bytesOf(rng, 32)) }, 1},
		{"encryption key, 128 bits", "CLERK_ENCRYPTION_KEY=", func(rng *rand.Rand) string { return hex.EncodeToString(bytesOf(rng, 16)) }, 5},
		{"encryption key, base64", "CLERK_ENCRYPTION_KEY=", func(rng *rand.Rand) string { return base64.StdEncoding.EncodeToString(bytesOf(rng, 32)) }, 1},
		{"encryption key, base64 of 128 bits", "CLERK_ENCRYPTION_KEY=", func(rng *rand.Rand) string { return base64.StdEncoding.EncodeToString(bytesOf(rng, 16)) }, 60},
		// Assumed shapes.
		{"machine key", "CLERK_MACHINE_SECRET_KEY=ak_", of(allBase62, 44), 1},
		{"machine key, base64", "CLERK_MACHINE_SECRET_KEY=ak_", func(rng *rand.Rand) string { return base64.StdEncoding.EncodeToString(bytesOf(rng, 32)) }, 1},
		{"machine key, hexadecimal", "CLERK_MACHINE_SECRET_KEY=ak_", func(rng *rand.Rand) string { return hex.EncodeToString(bytesOf(rng, 16)) }, 150},
		{"machine key, small alphabet", "CLERK_MACHINE_SECRET_KEY=ak_", of(lowers+digits, 32), 1},
		{"API key alone", "clerk: ak_", of(allBase62, 32), 5},
		{"client secret", "CLERK_OAUTH_CLIENT_SECRET=", of(allBase62, 32), 5},
		{"client secret, small alphabet", "CLERK_OAUTH_CLIENT_SECRET=", of(lowers+digits, 32), 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(20261128, uint64(len(c.name))))
			lost := 0
			for left := draws; left > 0; {
				n := min(left, 200)
				left -= n
				var text strings.Builder
				for range n {
					fmt.Fprintf(&text, "%s%s\n", c.before, c.draw(rng))
				}
				lost += n - len(s.Scan(t.Context(), "", []byte(text.String())))
			}
			t.Logf("%s: %d of %d lost", c.name, lost, draws)
			// Twice as many may be chance, and one always.
			if most := max(1, 2*c.most*float64(draws)/1e6); float64(lost) > most {
				t.Errorf("%d of %d lost, want %.0f at most", lost, draws, most)
			}
		})
	}
}
