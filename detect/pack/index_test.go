package pack

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestIndexSearch finds every id and no other one, also where ids are no hashes but crowd together.
func TestIndexSearch(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	random := func() (i id) {
		for at := 0; at < len(i); at += 4 {
			binary.BigEndian.PutUint32(i[at:], rng.Uint32())
		}
		return i
	}
	for name, draw := range map[string]func(n int) id{
		"hashes":              func(int) id { return random() },
		"one first byte":      func(int) id { i := random(); i[0] = 7; return i },
		"one head":            func(int) id { i := random(); copy(i[:8], "aaaaaaaa"); return i },
		"counted":             func(n int) (i id) { binary.BigEndian.PutUint32(i[4:], uint32(n)); return i },
		"at the highest ends": func(int) id { i := random(); copy(i[:7], "\xff\xff\xff\xff\xff\xff\xff"); return i },
	} {
		for _, size := range []int{0, 1, 2, 3, 9, 500, 3000} {
			there := map[id]int32{}
			var ids []id
			for n := range size {
				i := draw(2 * n)
				if _, known := there[i]; known {
					continue
				}
				there[i] = int32(len(ids))
				ids = append(ids, i)
			}
			x := newIndex(ids)
			for i, entry := range there {
				if got, ok := x.find(i); !ok || got != entry {
					t.Fatalf("%s, %d ids: %v is entry %d, found %d, %v", name, size, i, entry, got, ok)
				}
			}
			for n := range 200 {
				i := draw(2*n + 1)
				if _, known := there[i]; known {
					continue
				}
				if got, ok := x.find(i); ok {
					t.Fatalf("%s, %d ids: %v is not there, found %d", name, size, i, got)
				}
			}
		}
	}
}
