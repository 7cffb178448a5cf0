//go:build unix

package detect

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/rekey-app/rekey/detect/encoding"
)

// TestNoLookGoesFar lays texts of one line between pages that cannot be read, farther from the anchor than any rule may look.
// A loop that looks for a line's start or end without bound fails here, whatever it counts.
func TestNoLookGoesFar(t *testing.T) {
	const reach = 256 << 10
	page := os.Getpagesize()
	mapped, err := syscall.Mmap(-1, 0, 16<<20, syscall.PROT_NONE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip(err)
	}
	defer syscall.Munmap(mapped)
	middle := len(mapped) / 2 &^ (page - 1)
	open := mapped[middle-reach : middle+reach]
	if err := syscall.Mprotect(open, syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		t.Fatal(err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s := New(Options{})
	for _, a := range s.anchors {
		for _, behind := range []string{"", "AAAA", `\n`, " ", "=", `" + "`} {
			unit := a.text + behind
			// What the text is made of beyond the anchors: digits to either side make the encoded stretches as long as they may be.
			for _, filler := range []string{" ", "A", "\\"} {
				copy(open, bytes.Repeat([]byte(filler), len(open)))
				copy(open[reach-512:], strings.Repeat(unit, 1024/len(unit)))
				func() {
					defer func() {
						if p := recover(); p != nil {
							t.Errorf("%q between %q: looked farther than %d KiB: %v", unit, filler, reach>>10, p)
						}
					}()
					o := s.newObject(t.Context(), int64(len(mapped)), false)
					o.masking = true // a compressed file is decoded to its end, however far that is
					r := s.newRun(o, "", mapped)
					r.root.area = &area{block: middle / areaBlock}
					r.read(r.root, middle-512, middle+512)
				}()
			}
		}
	}
	// A finding, whose evidence is looked for in its block and those to either side: here that is known.
	key := []byte("sk_" + "live_")
	for rng := rand.New(rand.NewPCG(1, 2)); len(key) < keyLength; {
		if c := byte(rng.Uint32()); encoding.IsBase62(c) {
			key = append(key, c)
		}
	}
	for _, text := range []string{" " + string(key) + " ", base64.StdEncoding.EncodeToString([]byte("a " + string(key) + " b c"))} {
		for _, filler := range []string{" ", "-"} {
			copy(open, bytes.Repeat([]byte(filler), len(open)))
			copy(open[reach:], text)
			o := s.newObject(t.Context(), int64(len(mapped)), false)
			r := s.newRun(o, "", mapped)
			r.root.area = &area{block: middle / areaBlock}
			r.read(r.root, middle-512, middle+512)
			if len(r.found) == 0 {
				t.Errorf("nothing found between %q", filler)
			}
		}
	}
}
