package inflate

import "encoding/binary"

const (
	adlerStart = 1
	adlerPrime = 65521

	// adlerRun is how many bytes are summed before a remainder is taken: a multiple of adlerBlock under 5552, from
	// where on the sums no longer fit 32 bits.
	adlerRun   = 5504
	adlerBlock = 128 // bytes summed in lanes: of 16 bits, enough for 16 words
)

// adler updates the Adler-32 (RFC 1950 8.2) of what came before by p.
func adler(sum uint32, p []byte) uint32 {
	a, b := sum&0xffff, sum>>16
	for len(p) > 0 {
		run := p[:min(len(p), adlerRun)]
		p = p[len(run):]
		whole := len(run) &^ (adlerBlock - 1)
		sumBytes, sumSums := sumBlocks(run[:whole])
		b += uint32(whole)*a + sumSums
		a += sumBytes
		run = run[whole:]
		for ; len(run) >= 8; run = run[8:] {
			r := (*[8]byte)(run)
			b += 8*a + 8*uint32(r[0]) + 7*uint32(r[1]) + 6*uint32(r[2]) + 5*uint32(r[3]) +
				4*uint32(r[4]) + 3*uint32(r[5]) + 2*uint32(r[6]) + uint32(r[7])
			a += uint32(r[0]) + uint32(r[1]) + uint32(r[2]) + uint32(r[3]) +
				uint32(r[4]) + uint32(r[5]) + uint32(r[6]) + uint32(r[7])
		}
		for _, c := range run {
			a += uint32(c)
			b += a
		}
		a %= adlerPrime
		b %= adlerPrime
	}
	return b<<16 | a
}

// sumBlocks returns the sum of the bytes of p, which is some whole blocks, and the sum of its running sums.
func sumBlocks(p []byte) (sumBytes, sumSums uint32) {
	for ; len(p) >= adlerBlock; p = p[adlerBlock:] {
		blockBytes, blockSums := adlerLanes((*[adlerBlock]byte)(p))
		sumSums += adlerBlock*sumBytes + blockSums
		sumBytes += blockBytes
	}
	return sumBytes, sumSums
}

// adlerLanes returns the sum of a block's bytes and the sum of its running sums, eight bytes at a time: a word's bytes
// are added in lanes of 16 bits, those at even places in one register and those at odd places in another.
func adlerLanes(block *[adlerBlock]byte) (sumBytes, sumSums uint32) {
	const lanes = 0x00ff00ff00ff00ff
	var even, odd, before uint64 // before: the sums before each word, of both
	for i := 0; i < adlerBlock; i += 8 {
		word := binary.LittleEndian.Uint64(block[i : i+8])
		before += even + odd
		even += word & lanes
		odd += word >> 8 & lanes
	}
	sumBytes = addLanes(even) + addLanes(odd)
	// A byte counts once for each byte from it to the end of its word, and for each byte of the later words.
	sumSums = 8*addLanes(before) + addLanes(odd) +
		8*lane(even, 0) + 6*lane(even, 1) + 4*lane(even, 2) + 2*lane(even, 3) +
		6*lane(odd, 0) + 4*lane(odd, 1) + 2*lane(odd, 2)
	return sumBytes, sumSums
}

// addLanes adds the four lanes of 16 bits.
func addLanes(x uint64) uint32 {
	const pairs = 0x0000ffff0000ffff
	x = x&pairs + x>>16&pairs
	return uint32(x) + uint32(x>>32)
}

// lane returns one of the four lanes.
func lane(x uint64, i uint) uint32 { return uint32(x >> (16 * i) & 0xffff) }
