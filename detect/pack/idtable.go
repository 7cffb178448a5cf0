package pack

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// idTable numbers ids in the order in which they first come. The zero value is ready. Only find may be called by several at once.
type idTable struct {
	ids   []id
	slots []uint64 // a power of two: 4 bytes of an id, and its number + 1; 0 where none is
	// odd is what ids are hashed with: a random number, so that nobody can choose ids that would all meet in one place.
	odd   uint64
	shift int
}

// number returns the number of an id, a new one where it has none.
func (t *idTable) number(i *id) uint32 {
	if 4*len(t.ids) >= 3*len(t.slots) {
		t.grow()
	}
	at, number, ok := t.search(i)
	if !ok {
		t.ids = append(t.ids, *i)
		number = uint32(len(t.ids) - 1)
		t.slots[at] = slotOf(i, number)
	}
	return number
}

// find returns the number of an id, if it has one.
func (t *idTable) find(i *id) (number uint32, ok bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	_, number, ok = t.search(i)
	return number, ok
}

// search returns where an id is, or where there is room for it.
func (t *idTable) search(i *id) (at int, number uint32, ok bool) {
	want := slotOf(i, 0) >> 32
	for at = int(binary.LittleEndian.Uint64(i[:]) * t.odd >> t.shift); ; at = (at + 1) & (len(t.slots) - 1) {
		slot := t.slots[at]
		if slot == 0 {
			return at, 0, false
		}
		if slot>>32 == want {
			if number := uint32(slot) - 1; t.ids[number] == *i {
				return at, number, true
			}
		}
	}
}

func slotOf(i *id, number uint32) uint64 {
	return uint64(binary.LittleEndian.Uint32(i[8:]))<<32 | uint64(number+1)
}

func (t *idTable) grow() {
	if t.odd == 0 {
		t.odd = rand.Uint64() | 1
	}
	t.slots = make([]uint64, max(1<<10, 4*len(t.slots)))
	clear(t.slots) // or the system would map a page of zeros at the first look at it, and another one at the first write
	t.shift = 64 - bits.TrailingZeros(uint(len(t.slots)))
	for n := range t.ids {
		at, _, _ := t.search(&t.ids[n])
		t.slots[at] = slotOf(&t.ids[n], uint32(n))
	}
}
