package pack

// radixDigit is the bits of a key that one pass sorts by: a count for each of 2,048 digits stays in the nearest cache.
const radixDigit = 11

// radixSort sorts keys by their bits from to to, stably: those below from are not looked at, those from to on must be
// the same in all. It takes time in proportion to the keys, where a comparing sort of a million takes ten times as long.
// The result is in one of the two slices, which must be of the same length.
func radixSort(keys, scratch []uint64, from, to uint) []uint64 {
	for shift := from; shift < to; shift += radixDigit {
		mask := uint64(1)<<min(radixDigit, to-shift) - 1
		var next [1 << radixDigit]int
		for _, k := range keys {
			next[k>>shift&mask]++
		}
		at := 0
		for digit, n := range next {
			next[digit] = at
			at += n
		}
		for _, k := range keys {
			digit := k >> shift & mask
			scratch[next[digit]] = k
			next[digit]++
		}
		keys, scratch = scratch, keys
	}
	return keys
}
