//go:build !purego

#include "textflag.h"

// The numbers from 1 to 65: as indices into two vectors, they take the bytes one or two behind each.
DATA behind<>+0(SB)/8, $0x0807060504030201
DATA behind<>+8(SB)/8, $0x100f0e0d0c0b0a09
DATA behind<>+16(SB)/8, $0x1817161514131211
DATA behind<>+24(SB)/8, $0x201f1e1d1c1b1a19
DATA behind<>+32(SB)/8, $0x2827262524232221
DATA behind<>+40(SB)/8, $0x302f2e2d2c2b2a29
DATA behind<>+48(SB)/8, $0x3837363534333231
DATA behind<>+56(SB)/8, $0x403f3e3d3c3b3a39
DATA behind<>+64(SB)/1, $0x41
GLOBL behind<>(SB), RODATA|NOPTR, $65

// LOOKUP puts into R0 the buckets of 64 places, whose bytes are in R0, the bytes behind them in R1, and those behind
// these in R2. R1 is spoiled, and R2. Z0 to Z5 are the tables, two for each byte of a window. The permutation looks at
// the low seven bits of a byte: one from 0x80 passes for the ASCII byte below it, and is found out later.
#define LOOKUP(R0, R1, R2)   \
	VPERMI2B Z1, Z0, R0  \
	VPERMI2B Z3, Z2, R1  \
	VPERMI2B Z5, Z4, R2  \
	VPTERNLOGQ $0x80, R1, R2, R0

// func findVBMI(t *[3][128]byte, text *byte, n int) (offset int, word uint64)
TEXT ·findVBMI(SB), NOSPLIT, $64-40
	MOVQ t+0(FP), AX
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX
	VMOVDQU64 (AX), Z0
	VMOVDQU64 64(AX), Z1
	VMOVDQU64 128(AX), Z2
	VMOVDQU64 192(AX), Z3
	VMOVDQU64 256(AX), Z4
	VMOVDQU64 320(AX), Z5
	MOVQ SI, DI         // where text begins
	LEAQ (SI)(CX*1), DX // where it ends
	CMPQ CX, $66
	JLT  rest

	// The first 64 places, wherever they begin.
	VMOVDQU64 (SI), Z6
	VMOVDQU64 1(SI), Z7
	VMOVDQU64 2(SI), Z8
	LOOKUP(Z6, Z7, Z8)
	VPTESTMQ Z6, Z6, K1
	KORTESTB K1, K1
	JNZ  found

	// From the next multiple of 64 on, each line of the cache is loaded once: to load it anew for the bytes behind each
	// halves the speed at which memory is read. Prefetching, which AVX2's loop needs, slows this one by a tenth.
	ADDQ $64, SI
	ANDQ $-64, SI
	LEAQ -192(DX), R8 // the last place for two vectors and the one behind them
	CMPQ SI, R8
	JA   rest
	VMOVDQU64 behind<>+0(SB), Z13
	VMOVDQU64 behind<>+1(SB), Z14
	VMOVDQA64 (SI), Z15

	PCALIGN $64
pair:
	VMOVDQA64 Z15, Z6
	VMOVDQA64 64(SI), Z9
	VMOVDQA64 128(SI), Z15
	VMOVDQA64 Z13, Z7
	VMOVDQA64 Z14, Z8
	VMOVDQA64 Z13, Z10
	VMOVDQA64 Z14, Z11
	VPERMI2B Z9, Z6, Z7
	VPERMI2B Z9, Z6, Z8
	VPERMI2B Z15, Z9, Z10
	VPERMI2B Z15, Z9, Z11
	LOOKUP(Z6, Z7, Z8)
	LOOKUP(Z9, Z10, Z11)
	VPORQ Z6, Z9, Z12
	VPTESTMQ Z12, Z12, K1
	KORTESTB K1, K1
	JNZ  either
	SUBQ $-128, SI
	CMPQ SI, R8
	JBE  pair

rest:
	// What is left, by loads that stop at the end and give zeros for what would be behind it.
	MOVQ DX, CX
	SUBQ SI, CX
	CMPQ CX, $2
	JLE  none
	MOVQ $-1, R9
	BZHIQ CX, R9, R10
	DECQ CX
	BZHIQ CX, R9, R11
	DECQ CX
	BZHIQ CX, R9, R12
	KMOVQ R10, K1
	KMOVQ R11, K2
	KMOVQ R12, K3
	VMOVDQU8.Z (SI), K1, Z6
	VMOVDQU8.Z 1(SI), K2, Z7
	VMOVDQU8.Z 2(SI), K3, Z8
	LOOKUP(Z6, Z7, Z8)
	VMOVDQU8.Z Z6, K3, Z6
	VPTESTMQ Z6, Z6, K1
	KORTESTB K1, K1
	JNZ  found
	ADDQ $64, SI
	JMP  rest

none:
	SUBQ DI, DX
	MOVQ DX, offset+24(FP)
	MOVQ $0, word+32(FP)
	VZEROUPPER
	RET

either:
	VPTESTMQ Z6, Z6, K1
	KORTESTB K1, K1
	JNZ  found
	ADDQ $64, SI
	VMOVDQA64 Z9, Z6
	VPTESTMQ Z6, Z6, K1
found:
	// The first eight places of Z6 that are not all 0.
	VMOVDQU64 Z6, (SP)
	KMOVB K1, AX
	BSFL  AX, AX
	MOVQ  (SP)(AX*8), BX
	SUBQ  DI, SI
	LEAQ  (SI)(AX*8), SI
	MOVQ  SI, offset+24(FP)
	MOVQ  BX, word+32(FP)
	VZEROUPPER
	RET
