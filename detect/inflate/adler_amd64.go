//go:build !purego

package inflate

import "golang.org/x/sys/cpu"

// sums returns the sum of p's bytes and the sum of its running sums. p is some blocks of adlerBlock bytes, adlerRun
// bytes at most.
func sums(p []byte) (sumBytes, sumSums uint32) {
	if !cpu.X86.HasAVX2 || len(p) < adlerBlock {
		return sumBlocks(p)
	}
	return sumAVX2(&p[0], len(p))
}

// sumAVX2 is sumBlocks of n bytes at p: a multiple of 32 and not 0, 5552 at most. It reads nothing else.
//
//go:noescape
func sumAVX2(p *byte, n int) (sumBytes, sumSums uint32)
