//go:build !purego

package pack

import "golang.org/x/sys/cpu"

// applyVector carries out instructions from the first of ops on, until one that needs a closer look: it is wrong, or
// longer, or too near the end of dst, base or ops. It returns how much of dst they made and of ops they take.
func applyVector(dst, base, ops []byte) (made, used int) {
	const room = 64
	if len(dst) < room || len(base) < room || len(ops) < room || !cpu.X86.HasAVX2 || !cpu.X86.HasBMI2 || !cpu.X86.HasPOPCNT {
		return 0, 0
	}
	return applyAVX2(&dst[0], &base[0], &ops[0], len(dst), len(base), len(ops))
}

// applyAVX2 is applyVector for slices of at least 64 bytes. It reads and writes nothing outside them.
//
//go:noescape
func applyAVX2(dst, base, ops *byte, dstLen, baseLen, opsLen int) (made, used int)
