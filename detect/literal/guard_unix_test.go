//go:build unix

package literal

import (
	"bytes"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
)

// TestReadsNothingOutside puts texts of every small length between pages that cannot be read.
func TestReadsNothingOutside(t *testing.T) {
	t.Parallel()
	page := os.Getpagesize()
	region, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(region) })
	for _, guard := range [][]byte{region[:page], region[2*page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	open := region[page : 2*page]
	rng := rand.New(rand.NewPCG(5, 6))
	literals := forms()
	for kind, s := range sets(t, literals) {
		for n := range 600 {
			for _, text := range [][]byte{open[page-n:], open[:n:n]} {
				copy(text, soup(rng, literals, n))
				check(t, literals, s, text, 0)
				check(t, literals, s, text, n/3)
				copy(text, bytes.Repeat([]byte{'.'}, n))
				if pos, _ := next(s, text, 0); pos != -1 {
					t.Fatalf("%s: found something at %d of %d dots", kind, pos, n)
				}
			}
		}
		for range 50 {
			n := page - rng.IntN(200)
			for _, text := range [][]byte{open[page-n:], open[:n:n]} {
				copy(text, mirage(rng, s, literals, n))
				check(t, literals, s, text, 0)
			}
		}
	}
}
