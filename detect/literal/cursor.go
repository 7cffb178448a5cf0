package literal

// candidates is how many candidates a cursor holds.
const candidates = 32

// candidate is a place in a text, and the buckets that may have a window there, in the low eight bits. The assembly writes
// it.
type candidate struct {
	place   int
	buckets uint64
}

// Cursor goes through a text from literal to literal. Make one with [Set.Cursor]. It is not safe for concurrent use.
type Cursor struct {
	set  *Set
	text []byte
	from int // where the next literal may start
	done int // up to where the text was looked at for windows
	next int // in list
	n    int
	list [candidates]candidate
}

// Cursor returns a cursor that finds the literals that start at from or later. It allocates nothing.
func (s *Set) Cursor(text []byte, from int) Cursor {
	from = max(from, 0)
	return Cursor{set: s, text: text, from: from, done: from}
}

// Next returns the next place where a literal stands, and the literal's index in the list given to [Compile]; the longest
// literal where several stand at one place. It returns -1, -1 if there is none. It reads nothing outside the text and
// allocates nothing.
func (c *Cursor) Next() (pos, index int) {
	for {
		if c.next == c.n && !c.fill() {
			return -1, -1
		}
		at := c.list[c.next]
		pos, index = c.set.first(c.text, at, c.from, -1, -1)
		if pos < 0 {
			c.next++
			continue
		}
		// A window behind may belong to a literal that starts earlier, by reach at most.
		for place := at.place + 1; place <= pos+c.set.reach && len(c.text)-place >= shortest; place++ {
			if b := c.set.exact(c.text, place); b != 0 {
				pos, index = c.set.first(c.text, candidate{place, b}, c.from, pos, index)
			}
		}
		c.from = pos + 1
		return pos, index
	}
}

// fill looks for more candidates, and reports whether there are any.
func (c *Cursor) fill() bool {
	c.next, c.n = 0, 0
	if c.set.backend != portable {
		if c.done, c.n = c.set.fillVector(&c.list, c.text, c.done); c.n > 0 {
			return true
		}
	}
	c.done, c.n = c.set.fillPortable(&c.list, c.text, c.done)
	return c.n > 0
}
