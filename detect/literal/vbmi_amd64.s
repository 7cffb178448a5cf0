//go:build !purego

#include "textflag.h"
#include "hash_amd64.h"

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

// func findVBMI(t *[4][128]byte, filter *filter, text *byte, n int) (offset int, word uint64)
TEXT ·findVBMI(SB), NOSPLIT, $64-48
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
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
	// On from the next multiple of 64. The text is fetched far ahead, so that the memory has something to do meanwhile.
	ADDQ $64, SI
	ANDQ $-64, SI
	LEAQ -131(DX), R8 // the last place for two vectors and the three bytes behind them
	CMPQ SI, R8
	JA   rest

	PCALIGN $64
loop:
	PREFETCHT0 4096(SI)
	PREFETCHT0 4160(SI)
	VMOVDQA64 (SI), Z0
	VMOVDQU64 1(SI), Z1
	VMOVDQU64 2(SI), Z2
	VMOVDQU64 3(SI), Z3
	VMOVDQA64 64(SI), Z4
	VMOVDQU64 65(SI), Z5
	VMOVDQU64 66(SI), Z6
	VMOVDQU64 67(SI), Z7
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
	MOVQ DX, offset+32(FP)
	MOVQ $0, word+40(FP)
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
	MOVQ  SI, offset+32(FP)
	MOVQ  BX, word+40(FP)
	VZEROUPPER
	RET
