package literal

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// sample says how often four bytes in a row stand in the texts that a search is to be fast on.
type sample struct {
	bytes  [window]byte
	weight float64
}

// samples counts the windows of text, each with the same share of weight. Of the seldom ones it keeps every so many, and
// lets those stand for the others: most are reported with more than their own weight, in the order of their bytes. Texts
// of the same size give samples of about the same number.
func samples(text []byte, weight float64) (list []sample) {
	const often, seldom = 40_000, 20_000
	counts := map[[window]byte]int{}
	for i := range max(0, len(text)-window+1) {
		if w := [window]byte(text[i:]); w[0]|w[1]|w[2]|w[3] < 0x80 {
			counts[w]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b [window]byte) int {
		return cmp.Or(counts[b]-counts[a], slices.Compare(a[:], b[:]))
	})
	share := weight / float64(max(1, len(text)))
	for _, w := range all[:min(often, len(all))] {
		list = append(list, sample{w, share * float64(counts[w])})
	}
	rest := all[min(often, len(all)):]
	step := max(1, len(rest)/seldom)
	for i := 0; i < len(rest); i += step {
		list = append(list, sample{rest[i], share * float64(counts[rest[i]]*step)})
	}
	return list
}

// anneal looks for placements by which the search stops seldom in texts like the samples: it moves one
// literal after the other at random, and takes what makes things worse ever more seldom. It is deterministic. Some hundred
// thousand moves for a hundred literals and half a million samples take minutes. The cost is the share of places at which the
// search stops in such texts, if the weights add up to 1; one where a window does stand counts for several.
func anneal(literals []string, samples []sample, moves int, seed uint64) (p Placements, cost float64) {
	a := newAnnealer(literals, samples)
	rng := rand.New(rand.NewPCG(seed, 0))
	for i := range literals {
		a.at[i] = a.random(rng, i)
	}
	var costs [groups]float64
	now := 0.0
	for b := range costs {
		costs[b] = a.cost(b)
		now += costs[b]
	}
	best, least := slices.Clone(a.at), now
	for move := range moves {
		// A change for the worse by this much is taken once in e times.
		heat := 0.15 * now * math.Pow(0.001, float64(move)/float64(moves))
		before, costsBefore := slices.Clone(a.at), costs
		i, j := rng.IntN(len(literals)), rng.IntN(len(literals))
		switch rng.IntN(4) {
		case 0: // change places
			a.at[i].Bucket, a.at[j].Bucket = a.at[j].Bucket, a.at[i].Bucket
		case 1: // somewhere
			a.at[i] = a.random(rng, i)
		default: // to another one's bucket, or but another bucket
			offset := a.at[i].Offset
			a.at[i] = a.random(rng, i)
			if rng.IntN(2) == 0 {
				a.at[i].Bucket = a.at[j].Bucket
			} else {
				a.at[i].Offset = offset
			}
		}
		if before[i] == a.at[i] {
			continue
		}
		touched := []int{before[i].Bucket, a.at[i].Bucket}
		for _, b := range slices.Compact(touched) {
			costs[b] = a.cost(b)
		}
		then := 0.0
		for _, c := range costs {
			then += c
		}
		if then > now && rng.Float64() >= math.Exp((now-then)/heat) {
			copy(a.at, before)
			costs = costsBefore
			continue
		}
		if now = then; now < least {
			least = now
			copy(best, a.at)
		}
	}
	p = Placements{}
	for i, l := range literals {
		p[l] = best[i]
	}
	return p, least
}

// annealer knows what a bucket costs.
type annealer struct {
	literals []string
	at       []Placement
	samples  []sample // by their bytes
	pairs    []pair
	weights  map[[window]byte]float64 // of samples
}

// windowCost is how many times as much it costs that a window stands there than that it only seems so.
const windowCost = 8

// pair are the samples with the same first two bytes.
type pair struct{ from, to int }

func newAnnealer(literals []string, samples []sample) *annealer {
	a := &annealer{literals: literals, at: make([]Placement, len(literals)), samples: slices.Clone(samples), weights: map[[window]byte]float64{}}
	slices.SortFunc(a.samples, func(a, b sample) int { return slices.Compare(a.bytes[:], b.bytes[:]) })
	for i, s := range a.samples {
		a.weights[s.bytes] += s.weight
		if i == 0 || [2]byte(s.bytes[:]) != [2]byte(a.samples[i-1].bytes[:]) {
			a.pairs = append(a.pairs, pair{i, i})
		}
		a.pairs[len(a.pairs)-1].to = i + 1
	}
	return a
}

// random returns any placement of literal i.
func (a *annealer) random(rng *rand.Rand, i int) Placement {
	return Placement{rng.IntN(max(1, min(farthest+1, len(a.literals[i])-window+1))), rng.IntN(groups)}
}

// cost is what bucket b costs.
func (a *annealer) cost(b int) float64 {
	sum := a.stops(b)
	for i, at := range a.at {
		if w := windowAt(a.literals[i], at.Offset); at.Bucket == b && len(w) == window {
			sum += windowCost * a.weights[[window]byte([]byte(w))]
		}
	}
	return sum
}

// stops is the weight of the samples at which the search stops for bucket b.
func (a *annealer) stops(b int) (sum float64) {
	var in [window]crossing
	for i, at := range a.at {
		if at.Bucket != b {
			continue
		}
		w := windowAt(a.literals[i], at.Offset)
		for j := range in {
			if j == len(w) {
				in[j].addAll()
				continue
			}
			in[j].add(w[j])
		}
	}
	var taken [window][0x80]bool
	for j := range taken {
		for c := range taken[j] {
			taken[j][c] = in[j].has(byte(c), j > 0)
		}
	}
	for _, p := range a.pairs {
		some := a.samples[p.from:p.to]
		if first := &some[0].bytes; !taken[0][first[0]&0x7f] || !taken[1][first[1]&0x7f] {
			continue
		}
		for i := range some {
			if s := &some[i]; taken[2][s.bytes[2]&0x7f] && taken[3][s.bytes[3]&0x7f] {
				sum += s.weight
			}
		}
	}
	return sum
}

// crossing is a set of bytes as AVX2 knows it: by bits 0 to 3, and apart from them bits 3 to 6.
type crossing struct{ low, high uint16 }

func (c *crossing) add(b byte) {
	c.low |= 1 << (b & 15)
	c.high |= 1 << (b >> 3 & 15)
}

func (c *crossing) addAll() { *c = crossing{math.MaxUint16, math.MaxUint16} }

// has reports whether b passes for one of the set: by its low bits alone, or by both.
func (c *crossing) has(b byte, both bool) bool {
	return c.low>>(b&15)&1 != 0 && (!both || c.high>>(b>>3&15)&1 != 0)
}
