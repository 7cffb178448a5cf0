//go:build !purego

#include "textflag.h"
#include "hash_amd64.h"

// The numbers from 1 to 66: as indices into two vectors, they take the bytes one, two or three behind each.
DATA behind<>+0(SB)/8, $0x0807060504030201
DATA behind<>+8(SB)/8, $0x100f0e0d0c0b0a09
DATA behind<>+16(SB)/8, $0x1817161514131211
DATA behind<>+24(SB)/8, $0x201f1e1d1c1b1a19
DATA behind<>+32(SB)/8, $0x2827262524232221
DATA behind<>+40(SB)/8, $0x302f2e2d2c2b2a29
DATA behind<>+48(SB)/8, $0x3837363534333231
DATA behind<>+56(SB)/8, $0x403f3e3d3c3b3a39
DATA behind<>+64(SB)/2, $0x4241
GLOBL behind<>(SB), RODATA|NOPTR, $66

// LOOKUP puts into R0 the buckets of 64 places, whose bytes are in R0, those behind them in R1 to R3, which are spoiled.
// Z16 to Z23 are the tables, two for each byte of a window. The permutation looks at the low seven bits of a byte: one
// from 0x80 passes for the ASCII byte below it, and is found out later.
#define LOOKUP(R0, R1, R2, R3) \
	VPERMI2B Z17, Z16, R0  \
	VPERMI2B Z19, Z18, R1  \
	VPERMI2B Z21, Z20, R2  \
	VPERMI2B Z23, Z22, R3  \
	VPTERNLOGQ $0x80, R1, R2, R0 \
	VPANDQ R3, R0, R0

// func findVBMI(t *[4][128]byte, filter *filter, text *byte, n int, permute bool) (offset int, word uint64)
TEXT ·findVBMI(SB), NOSPLIT, $64-56
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
	MOVBLZX permute+32(FP), R15
	VMOVDQU64 (AX), Z16
	VMOVDQU64 64(AX), Z17
	VMOVDQU64 128(AX), Z18
	VMOVDQU64 192(AX), Z19
	VMOVDQU64 256(AX), Z20
	VMOVDQU64 320(AX), Z21
	VMOVDQU64 384(AX), Z22
	VMOVDQU64 448(AX), Z23
	MOVQ SI, DI         // where text begins
	LEAQ (SI)(CX*1), DX // where it ends
	CMPQ CX, $67
	JLT  rest

	// The first 64 places, wherever they begin.
	VMOVDQU64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	VMOVDQU64 3(SI), Z3
	LOOKUP(Z0, Z1, Z2, Z3)
	VPTESTMB Z0, Z0, K1
	KMOVQ K1, CX
	XORL  R8, R8
	XORL  R12, R12
	MOVQ  SI, R13
	TESTQ CX, CX
	JNZ   check

aligned:
	// On from the next multiple of 64. The bytes behind each come from permutations of whole lines of the cache, or from loads
	// of their own, half of which need two lines.
	ADDQ $64, SI
	ANDQ $-64, SI
	LEAQ -192(DX), R8 // the last place for two vectors and the one behind them
	CMPQ SI, R8
	JA   rest
	VMOVDQU64 behind<>+0(SB), Z11
	VMOVDQU64 behind<>+1(SB), Z12
	VMOVDQU64 behind<>+2(SB), Z13
	VMOVDQA64 (SI), Z15

	PCALIGN $64
loop:
	PREFETCHT0 2048(SI)
	PREFETCHT0 2112(SI)
	TESTL R15, R15
	JZ    load
	VMOVDQA64 Z15, Z0
	VMOVDQA64 64(SI), Z4
	VMOVDQA64 128(SI), Z15
	VMOVDQA64 Z11, Z1
	VMOVDQA64 Z12, Z2
	VMOVDQA64 Z13, Z3
	VMOVDQA64 Z11, Z5
	VMOVDQA64 Z12, Z6
	VMOVDQA64 Z13, Z7
	VPERMI2B Z4, Z0, Z1
	VPERMI2B Z4, Z0, Z2
	VPERMI2B Z4, Z0, Z3
	VPERMI2B Z15, Z4, Z5
	VPERMI2B Z15, Z4, Z6
	VPERMI2B Z15, Z4, Z7
look:
	LOOKUP(Z0, Z1, Z2, Z3)
	LOOKUP(Z4, Z5, Z6, Z7)
	VPORQ Z0, Z4, Z8
	VPTESTMQ Z8, Z8, K1
	KORTESTB K1, K1
	JNZ  either
next:
	SUBQ $-128, SI
	CMPQ SI, R8
	JBE  loop

	JMP  rest

	PCALIGN $32
load:
	VMOVDQA64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	VMOVDQU64 3(SI), Z3
	VMOVDQA64 64(SI), Z4
	VMOVDQU64 65(SI), Z5
	VMOVDQU64 66(SI), Z6
	VMOVDQU64 67(SI), Z7
	JMP look

rest:
	// What is left, by loads that stop at the end and give zeros for what would be behind it.
	MOVQ DX, CX
	SUBQ SI, CX
	CMPQ CX, $2
	JLE  none
	MOVQ $-1, R9
	BZHIQ CX, R9, R10
	KMOVQ R10, K1
	DECQ CX
	BZHIQ CX, R9, R10
	KMOVQ R10, K2
	DECQ CX
	BZHIQ CX, R9, R10
	KMOVQ R10, K3
	DECQ CX
	BZHIQ CX, R9, R10
	KMOVQ R10, K4
	VMOVDQU8.Z (SI), K1, Z0
	VMOVDQU8.Z 1(SI), K2, Z1
	VMOVDQU8.Z 2(SI), K3, Z2
	VMOVDQU8.Z 3(SI), K4, Z3
	LOOKUP(Z0, Z1, Z2, Z3)
	VMOVDQU8.Z Z0, K3, Z0
	VPTESTMB Z0, Z0, K1
	KMOVQ K1, CX
	TZCNTQ CX, AX
	TESTQ CX, CX
	JNZ  eight
	ADDQ $64, SI
	JMP  rest

none:
	SUBQ DI, DX
	MOVQ DX, offset+40(FP)
	MOVQ $0, word+48(FP)
	VZEROUPPER
	RET

either:
	// The places of the first of the two that has any are in CX, and R13 is where it begins. Those of the second, if they are
	// still to come, are in R12. Mostly there is one place in both: without a branch for which it is in.
	VPTESTMB Z0, Z0, K1
	VPTESTMB Z4, Z4, K2
	KMOVQ K1, CX
	KMOVQ K2, R12
	MOVQ  SI, R13
	LEAQ  64(SI), R14
	XORL  BX, BX
	TESTQ CX, CX
	CMOVQEQ R14, R13
	CMOVQEQ R12, CX
	CMOVQEQ BX, R12
check:
	// Of the places in CX, the first whose four bytes are in the filter.
	TZCNTQ CX, AX
	MOVL  (R13)(AX*1), BX
	HASHED(BX)
	JEQ   found
	BLSRQ CX, CX
	JNZ   check
	TESTQ R12, R12
	JNZ   second
	TESTQ R8, R8
	JNZ   next
	JMP   aligned
second:
	MOVQ R12, CX
	XORL R12, R12
	LEAQ 64(SI), R13
	JMP  check

found:
	CMPQ SI, R13
	JEQ  eight
	VMOVDQA64 Z4, Z0
	MOVQ R13, SI
eight:
	// The eight places of Z0 that AX is among.
	VMOVDQU64 Z0, (SP)
	ANDL  $56, AX
	MOVQ  (SP)(AX*1), BX
	SUBQ  DI, SI
	ADDQ  AX, SI
	MOVQ  SI, offset+40(FP)
	MOVQ  BX, word+48(FP)
	VZEROUPPER
	RET
