package detect

import (
	"math/rand/v2"
	"testing"
)

func TestRandomBodiesPass(t *testing.T) {
	t.Parallel()
	const n = 200_000
	rng := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, bodyLength)
	rejected := 0
	for range n {
		for i := range b {
			b[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[rng.IntN(62)]
		}
		if !random(string(b)) {
			rejected++
		}
	}
	if rejected > 0 {
		t.Errorf("%d of %d random bodies rejected", rejected, n)
	}
}
