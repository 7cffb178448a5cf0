package literal

import (
	"math"
	"math/bits"
)

// placement says which three bytes of a literal are looked for, and in which bucket.
type placement struct {
	offset int
	bucket int
}

// plan chooses a placement for each literal, so that few places of a text look like a window and are none. Literals that
// share a window are cheap together. It is deterministic.
func plan(literals []string) []placement {
	p := &planner{literals: literals, placements: make([]placement, len(literals))}
	p.weigh()
	// Each literal goes where it adds least to the cost, those with the least choice first; then each moves as long as
	// that makes the whole cheaper.
	done := make([]bool, len(literals))
	for range literals {
		next := -1
		for i, l := range literals {
			if !done[i] && (next < 0 || len(l) < len(literals[next])) {
				next = i
			}
		}
		p.place(next)
		done[next] = true
	}
	for range 6 {
		before := p.total()
		for i := range literals {
			p.take(i)
			p.place(i)
		}
		if p.total() >= before*0.999 {
			break
		}
	}
	return p.placements
}

// planner holds the buckets while literals are placed.
type planner struct {
	literals   []string
	placements []placement
	buckets    [8]crowd

	pair  [128][128]float64 // share of these two bytes among the pairs of a text
	first [128]float64      // share of a byte
}

// crowd is the windows of a bucket.
type crowd struct {
	windows []crowded
	cost    float64
}

// crowded is a window with the number of literals that are looked for by it.
type crowded struct {
	text  [window]byte
	count int
}

// weigh mixes the texts that the search is to be fast on: mostly source, some base64, some binary with many NULs.
func (p *planner) weigh() {
	const source, base64, binary = 0.8, 0.15, 0.05
	single := func(c int) float64 { // in binary data
		if c == 0 {
			return 0.3
		}
		return 0.7 / 255
	}
	coded := func(c int) bool {
		return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '+' || c == '/'
	}
	for a := range 128 {
		for b := range 128 {
			share := source * math.Ldexp(1, -int(bigrams[1+a*129+b]-'@'))
			if coded(a) && coded(b) {
				share += base64 / (64 * 64)
			}
			share += binary * single(a) * single(b)
			p.pair[a][b] = share
			p.first[a] += share
		}
	}
}

// place puts literal i where it adds least to the cost.
func (p *planner) place(i int) {
	best, least := placement{}, math.Inf(1)
	for offset := range len(p.literals[i]) - window + 1 {
		w := [window]byte([]byte(p.literals[i][offset : offset+window]))
		for b := range p.buckets {
			if added := p.with(b, w) - p.buckets[b].cost; added < least {
				best, least = placement{offset, b}, added
			}
		}
	}
	p.placements[i] = best
	b := &p.buckets[best.bucket]
	w := [window]byte([]byte(p.literals[i][best.offset : best.offset+window]))
	for j := range b.windows {
		if b.windows[j].text == w {
			b.windows[j].count++
			return
		}
	}
	b.windows = append(b.windows, crowded{w, 1})
	b.cost = p.cost(b.windows)
}

// take takes literal i out of its bucket.
func (p *planner) take(i int) {
	at := p.placements[i]
	b := &p.buckets[at.bucket]
	w := [window]byte([]byte(p.literals[i][at.offset : at.offset+window]))
	for j := range b.windows {
		if b.windows[j].text != w {
			continue
		}
		if b.windows[j].count--; b.windows[j].count == 0 {
			last := len(b.windows) - 1
			b.windows[j] = b.windows[last]
			b.windows = b.windows[:last]
			b.cost = p.cost(b.windows)
		}
		return
	}
}

// with is the cost of bucket b with one more window.
func (p *planner) with(b int, w [window]byte) float64 {
	crowd := &p.buckets[b]
	for i := range crowd.windows {
		if crowd.windows[i].text == w {
			return crowd.cost
		}
	}
	crowd.windows = append(crowd.windows, crowded{w, 1})
	cost := p.cost(crowd.windows)
	crowd.windows = crowd.windows[:len(crowd.windows)-1]
	return cost
}

// total is the cost of all buckets.
func (p *planner) total() (sum float64) {
	for i := range p.buckets {
		sum += p.buckets[i].cost
	}
	return sum
}

// cost estimates how many places in a text a bucket with these windows stops at. The vectorised search knows a byte by
// its halves, so it takes any high half of these windows with any low half. The portable search stops at pairs.
func (p *planner) cost(windows []crowded) float64 {
	const pairWeight = 0.02
	var low [window]uint16
	var high [window]uint8
	sum := 0.0
	for i := range windows {
		w := &windows[i].text
		for j, c := range w {
			low[j] |= 1 << (c & 15)
			high[j] |= 1 << (c >> 4)
		}
		sum += pairWeight * (p.pair[w[0]][w[1]] + p.pair[w[1]][w[2]])
	}
	var sets [window][128]uint8
	var sizes [window]int
	for j := range window {
		for h := high[j]; h != 0; h &= h - 1 {
			for l := low[j]; l != 0; l &= l - 1 {
				sets[j][sizes[j]] = uint8(bits.TrailingZeros8(h)<<4 | bits.TrailingZeros16(l))
				sizes[j]++
			}
		}
	}
	for _, b := range sets[1][:sizes[1]] {
		before, after := 0.0, 0.0
		for _, a := range sets[0][:sizes[0]] {
			before += p.pair[a][b]
		}
		for _, c := range sets[2][:sizes[2]] {
			after += p.pair[b][c]
		}
		sum += before * after / p.first[b]
	}
	return sum
}
