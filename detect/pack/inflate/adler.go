package inflate

const (
	adlerStart = 1
	adlerPrime = 65521
	// adlerRun is the most bytes after which the sums still fit 32 bits without a remainder taken.
	adlerRun = 5552
)

// adler updates the Adler-32 (RFC 1950 8.2) of what came before by p.
func adler(sum uint32, p []byte) uint32 {
	a, b := sum&0xffff, sum>>16
	for len(p) > 0 {
		run := p[:min(len(p), adlerRun)]
		p = p[len(run):]
		for len(run) >= 8 {
			r := run[:8]
			b += 8*a + 8*uint32(r[0]) + 7*uint32(r[1]) + 6*uint32(r[2]) + 5*uint32(r[3]) +
				4*uint32(r[4]) + 3*uint32(r[5]) + 2*uint32(r[6]) + uint32(r[7])
			a += uint32(r[0]) + uint32(r[1]) + uint32(r[2]) + uint32(r[3]) +
				uint32(r[4]) + uint32(r[5]) + uint32(r[6]) + uint32(r[7])
			run = run[8:]
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
