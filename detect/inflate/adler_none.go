//go:build !amd64 || purego

package inflate

// sums returns the sum of p's bytes and the sum of its running sums. p is some blocks of adlerBlock bytes, adlerRun
// bytes at most.
func sums(p []byte) (sumBytes, sumSums uint32) { return sumBlocks(p) }
