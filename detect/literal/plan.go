package literal

import (
	"math"
	"math/bits"
)

// placement says which bytes of a literal are looked for, and in which bucket.
type placement struct {
	offset int
	bucket int
}

// plan chooses a placement for each literal, so that few places of a text look like a window and are none to the given
// way of searching. Literals that share a window are cheap together. It is deterministic.
func plan(literals []string, w way) []placement {
	p := &planner{literals: literals, placements: make([]placement, len(literals)), way: w, weights: kindWeights, buckets: make([]crowd, groups)}
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
	passes := 6
	if w == avx2 {
		// It stops more often in base64 than others do, where it takes letters for other letters. A pass takes longer, as
		// the sets are larger; those behind the third bring little.
		p.weights[base64Kind], passes = 0.7, 3
	}
	for range passes {
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
	buckets    []crowd
	way        way
	weights    [kinds]float64 // of a candidate in each kind of text

	pair   [128][128]float64   // share of these two bytes among the pairs of source text
	first  [128]float64        // share of a byte there
	single [kinds][128]float64 // share of a byte in texts of other kinds
}

// crowd is the windows of a bucket.
type crowd struct {
	windows []crowded
	cost    float64
}

// crowded is a window with the number of literals that are looked for by it.
type crowded struct {
	text  string
	count int
}

// The kinds of text besides source, and how much a candidate in each of them weighs.
const (
	base64Kind = iota
	binaryKind
	hexKind
	kinds

	sourceWeight = 0.75
)

var kindWeights = [kinds]float64{base64Kind: 0.15, binaryKind: 0.05, hexKind: 0.05}

// phrases are what source holds more often than its pairs of bytes tell, and how often, roughly.
var phrases = [...]struct {
	text  string
	share float64
}{
	{`\x00`, 2e-3},
	{`\xff`, 5e-4},
	{`\x08`, 2e-4},
	{`\x0f`, 2e-4},
	{`\xf8`, 1e-4},
	{`\x8f`, 1e-4},
	{`\x88`, 1e-4},
	{`\u00`, 2e-4},
	{"0x00", 5e-4},
	{"xf0\\", 2e-4},
	{"x80\\", 2e-4},
	{"0000", 2e-3},
	{"ffff", 5e-4},
	{"----", 5e-3},
	{"====", 5e-3},
	{"0x5f", 2e-5},
	{"MAX_", 2e-5},
	{"MAXS", 1e-5},
	{"8B_0", 5e-6},
	{`ab\x`, 1e-5},
	{`ab",`, 5e-6},
	{"Also", 5e-6},
	{"mEff", 5e-5},
	{"mToA", 3e-5},
	{"low.", 1e-5},
	{"loc.", 1e-5},
	{`\xcf`, 1e-4},
	{`\xc1`, 1e-4},
	{`\xc3`, 1e-4},
	{"ex51", 5e-6},
	{"l_Ne", 5e-6},
	{"src.", 2e-5},
	{"ERR_", 2e-5},
	{"k_tr", 5e-6},
	{"3030", 1e-5},
}

// weigh learns how often bytes stand in the texts that the search is to be fast on.
func (p *planner) weigh() {
	for a := range 128 {
		for b := range 128 {
			share := math.Ldexp(1, -int(bigrams[1+a*129+b]-'@'))
			p.pair[a][b] = share
			p.first[a] += share
		}
		letter := 'a' <= a && a <= 'z' || 'A' <= a && a <= 'Z'
		digit := '0' <= a && a <= '9'
		if letter || digit || a == '+' || a == '/' {
			p.single[base64Kind][a] = 1.0 / 64
		}
		if digit || 'a' <= a && a <= 'f' {
			p.single[hexKind][a] = 1.0 / 16
		}
		p.single[binaryKind][a] = 0.7 / 255
	}
	p.single[binaryKind][0] = 0.3
}

// place puts literal i where it adds least to the cost.
func (p *planner) place(i int) {
	best, least := placement{}, math.Inf(1)
	for offset := range max(1, len(p.literals[i])-window+1) {
		w := windowAt(p.literals[i], offset)
		for b := range p.buckets {
			if added := p.with(b, w) - p.buckets[b].cost; added < least {
				best, least = placement{offset, b}, added
			}
		}
	}
	p.placements[i] = best
	b := &p.buckets[best.bucket]
	w := windowAt(p.literals[i], best.offset)
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
	w := windowAt(p.literals[i], at.offset)
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
func (p *planner) with(b int, w string) float64 {
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

// byteSet is a set of ASCII bytes.
type byteSet [2]uint64

func (s *byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *byteSet) add(c byte) { s[c>>6] |= 1 << (c & 63) }

// members appends the bytes of the set to dst.
func (s *byteSet) members(dst []byte) []byte {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			dst = append(dst, byte(i<<6|bits.TrailingZeros64(word)))
		}
	}
	return dst
}

// cost estimates how many places in a text a bucket with these windows stops at: any first byte of a window with any
// second one, and so on. AVX2 also takes the bytes that it cannot tell from these. The portable search stops at pairs,
// whatever their bucket.
func (p *planner) cost(windows []crowded) float64 {
	var sets [window]byteSet
	n := window
	sum := 0.0
	for i := range windows {
		w := windows[i].text
		n = min(n, len(w))
		for j := range len(w) {
			sets[j].add(w[j])
		}
		if p.way == portable {
			sum += p.pair[w[0]][w[1]] + p.pair[w[1]][w[2]]
			for k, weight := range p.weights {
				sum += weight * p.single[k][w[1]] * (p.single[k][w[0]] + p.single[k][w[2]])
			}
		}
	}
	if len(windows) == 0 {
		return 0
	}
	if p.way == avx2 {
		for j := range sets[:n] {
			sets[j] = crossed(sets[j])
		}
	}
	var space [2][128]byte
	chain := [2][128]float64{} // share of the places in source whose bytes so far are in the sets, by the last byte
	before := sets[0].members(space[0][:0])
	for _, a := range before {
		chain[0][a] = p.first[a]
	}
	for j := 1; j < n; j++ {
		from, to := &chain[(j-1)%2], &chain[j%2]
		behind := sets[j].members(space[j%2][:0])
		for _, b := range behind {
			to[b] = 0
		}
		for _, a := range before {
			share, first, row := from[a], p.first[a], &p.pair[a]
			for _, b := range behind {
				to[b] += share * row[b] / first
			}
		}
		before = behind
	}
	for _, c := range before {
		sum += sourceWeight * chain[(n-1)%2][c]
	}
	for i := range phrases {
		text, in := phrases[i].text, true
		for j := 0; j < n && in; j++ {
			in = sets[j].has(text[j])
		}
		if in {
			sum += sourceWeight * phrases[i].share
		}
	}
	for k, weight := range p.weights {
		for j := range sets[:n] {
			share := 0.0
			for _, c := range sets[j].members(space[0][:0]) {
				share += p.single[k][c]
			}
			weight *= share
		}
		sum += weight
	}
	return sum
}

// crossed is what AVX2 cannot tell from the bytes of s: its low four bits are those of one of them, and its high four of
// seven, bits 3 to 6, are those of one too.
func crossed(s byteSet) (all byteSet) {
	var low, high uint16
	for h := range 16 {
		if eight := uint16(byte(s[h>>3] >> (h & 7 * 8))); eight != 0 {
			high |= 1 << h
			low |= eight << (h & 1 * 8)
		}
	}
	for h := range 16 {
		if high>>h&1 != 0 {
			all[h>>3] |= uint64(byte(low>>(h&1*8))) << (h & 7 * 8)
		}
	}
	return all
}
