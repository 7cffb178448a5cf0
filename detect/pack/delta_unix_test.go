//go:build unix

package pack

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
)

// guarded is memory before and behind which nothing may be touched.
type guarded []byte

func newGuarded(t *testing.T, size int) guarded {
	t.Helper()
	page := syscall.Getpagesize()
	size = (size + page - 1) / page * page
	region, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(region) })
	for _, guard := range [][]byte{region[:page], region[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return guarded(region[page : page+size])
}

// place returns n bytes at the end, or at the start.
func (g guarded) place(n int, atEnd bool) []byte {
	if atEnd {
		return g[len(g)-n:]
	}
	return g[:n:n]
}

// TestDeltaWithinBounds: every way to carry out instructions makes the same, and touches nothing but its three slices.
func TestDeltaWithinBounds(t *testing.T) {
	const most = 1 << 20
	texts, deltas, results := newGuarded(t, 70<<10), newGuarded(t, most), newGuarded(t, most)
	sizes := rapid.OneOf(rapid.IntRange(0, 200), rapid.IntRange(0, 3000), rapid.IntRange(60_000, 70<<10))
	rapid.Check(t, func(rt *rapid.T) {
		base := texts.place(sizes.Draw(rt, "base"), rapid.Bool().Draw(rt, "base at end"))
		for i := range base {
			base[i] = byte(i*7 + i>>8)
		}
		var ops, want []byte
		for range rapid.OneOf(rapid.IntRange(0, 8), rapid.IntRange(20, 60)).Draw(rt, "instructions") {
			if len(want) > most-(64<<10) {
				break
			}
			if len(base) == 0 || rapid.Bool().Draw(rt, "insert") {
				n := rapid.IntRange(1, 127).Draw(rt, "n")
				piece := bytes.Repeat([]byte{byte(n), byte(len(want))}, 64)[:n]
				ops, want = append(append(ops, byte(n)), piece...), append(want, piece...)
				continue
			}
			off := rapid.OneOf(rapid.IntRange(0, len(base)-1), rapid.SampledFrom([]int{0, len(base) - 1, (len(base) - 1) &^ 0xff})).Draw(rt, "off")
			left := min(len(base)-off, 0x10000)
			n := rapid.OneOf(rapid.IntRange(1, min(left, 70)), rapid.IntRange(1, left), rapid.Just(left)).Draw(rt, "size")
			ops, want = append(ops, copyOp(off, n)...), append(want, base[off:off+n]...)
		}
		placed := deltas.place(len(ops), rapid.Bool().Draw(rt, "delta at end"))
		copy(placed, ops)
		got := results.place(len(want), rapid.Bool().Draw(rt, "result at end"))
		copied, err := applyDelta(got, base, placed, nil)
		if err != nil {
			rt.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			rt.Fatalf("made %q of %q, want %q", got, placed, want)
		}
		if err := checkCopied(copied, got, base, ops); err != nil {
			rt.Fatal(err)
		}
		if len(want) == 0 {
			return
		}
		// A result one byte too short is refused before anything is written behind it.
		short := results.place(len(want)-1, true)
		if _, err := applyDelta(short, base, placed, nil); err == nil {
			rt.Fatal("made less than the instructions say")
		}
		// A base that ends before what is copied is refused too, whatever it holds.
		cut := texts.place(len(base)/2, true)
		var plain bytes.Buffer
		_, err = applyDelta(got, cut, placed, nil)
		plainErr := applyDeltaTo(&plain, uint64(len(want)), cut, placed)
		if (err == nil) != (plainErr == nil) {
			rt.Fatalf("errors differ: %v, %v", err, plainErr)
		}
	})
}

// checkCopied holds that copied are all long copies among the instructions, in their order, and nothing else.
func checkCopied(copied []detect.CopiedRange, result, base, ops []byte) error {
	var want, got []detect.CopiedRange
	for to := 0; len(ops) > 0; {
		op := ops[0]
		ops = ops[1:]
		if op&0x80 == 0 {
			to, ops = to+int(op), ops[op:]
			continue
		}
		off, size, n := copyArgs(op, ops)
		if size >= longCopy {
			want = append(want, detect.CopiedRange{From: int(off), To: to, Len: int(size)})
		}
		to, ops = to+int(size), ops[n:]
	}
	// Those that were made one are taken apart again.
	for _, c := range copied {
		if !bytes.Equal(result[c.To:c.To+c.Len], base[c.From:c.From+c.Len]) {
			return fmt.Errorf("%+v is not the same in both", c)
		}
		for c.Len > 0 && len(got) < len(want) {
			part := c
			part.Len = min(c.Len, want[len(got)].Len)
			got = append(got, part)
			c.From, c.To, c.Len = c.From+part.Len, c.To+part.Len, c.Len-part.Len
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("copied are %+v, want %+v", copied, want)
	}
	return nil
}

// copyOp writes a copy instruction as git does: bytes that are zero are left out.
func copyOp(off, size int) []byte {
	op := []byte{0x80}
	if size == 0x10000 {
		size = 0
	}
	for i := range (bits.Len(uint(off)) + 7) / 8 {
		if b := byte(off >> (8 * i)); b != 0 {
			op[0] |= 1 << i
			op = append(op, b)
		}
	}
	for i := range 3 {
		if b := byte(size >> (8 * i)); b != 0 {
			op[0] |= 0x10 << i
			op = append(op, b)
		}
	}
	return op
}
