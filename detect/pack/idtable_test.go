package pack

import (
	"testing"

	"pgregory.net/rapid"
)

// TestIDTable compares with a map, over ids of which many begin alike or are alike in all bytes that are hashed.
func TestIDTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var table idTable
		want := map[id]uint32{}
		for range rapid.IntRange(0, 5000).Draw(t, "ids") {
			var i id
			i[rapid.IntRange(0, len(i)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
			i[19] = rapid.Byte().Draw(t, "last")
			n, known := want[i]
			if found, ok := table.find(&i); ok != known || ok && found != n {
				t.Fatalf("%v found as %d, %v; it has number %d, %v", i, found, ok, n, known)
			}
			if !known {
				n = uint32(len(want))
				want[i] = n
			}
			if got := table.number(&i); got != n || table.ids[got] != i {
				t.Fatalf("%v got number %d, want %d", i, got, n)
			}
		}
	})
}
