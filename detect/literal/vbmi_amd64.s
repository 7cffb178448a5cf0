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

// BLOCK is half of LOOKUP with half of its loads, of which those that are not aligned take the longest: of the 64 bytes in A and
// of those two behind them in C it puts into A the buckets that places have by their first and third bytes, and into B those
// that the places one before have by their second and fourth. C and D are spoiled.
//
// To join them is to permute the B of a block and that of the next one by Z24.
#define BLOCK(A, B, C, D) \
	VMOVDQA64 A, B         \
	VMOVDQA64 C, D         \
	VPERMI2B Z17, Z16, A   \
	VPERMI2B Z19, Z18, B   \
	VPERMI2B Z21, Z20, C   \
	VPERMI2B Z23, Z22, D   \
	VPANDQ C, A, A         \
	VPANDQ D, B, B

// TABLES loads the tables at R0, and what LOOKUP and BLOCK need besides.
#define TABLES(R0) \
	VMOVDQU64 (R0), Z16    \
	VMOVDQU64 64(R0), Z17  \
	VMOVDQU64 128(R0), Z18 \
	VMOVDQU64 192(R0), Z19 \
	VMOVDQU64 256(R0), Z20 \
	VMOVDQU64 320(R0), Z21 \
	VMOVDQU64 384(R0), Z22 \
	VMOVDQU64 448(R0), Z23 \
	VMOVDQU64 ahead<>(SB), Z24

// ahead are the places one ahead of each in a vector, of which the last one is in the next vector.
DATA ahead<>+0(SB)/8, $0x0807060504030201
DATA ahead<>+8(SB)/8, $0x100f0e0d0c0b0a09
DATA ahead<>+16(SB)/8, $0x1817161514131211
DATA ahead<>+24(SB)/8, $0x201f1e1d1c1b1a19
DATA ahead<>+32(SB)/8, $0x2827262524232221
DATA ahead<>+40(SB)/8, $0x302f2e2d2c2b2a29
DATA ahead<>+48(SB)/8, $0x3837363534333231
DATA ahead<>+56(SB)/8, $0x403f3e3d3c3b3a39
GLOBL ahead<>(SB), (NOPTR+RODATA), $64

// What a stop for nothing costs, as the bytes that could be looked at meanwhile without stopping; and so many bytes for nothing
// make it give up.
#define stopCost 2048
#define stopLimit (8*stopCost)

// func findVBMI(t *[4][128]byte, filter *filter, text *byte, n int) (offset int, word uint64)
//
// On the stack: eight places at 0, the block of the last stop for nothing at 64, and what these stops have cost at 72, less what
// was looked at since.
TEXT ·findVBMI(SB), NOSPLIT, $80-48
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
	TABLES(AX)
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
	LEAQ -194(DX), R8 // the last place for a block, two behind it and the two bytes behind those
	CMPQ SI, R8
	JA   rest
	VMOVDQA64 (SI), Z9
	VMOVDQU64 2(SI), Z11
	BLOCK(Z9, Z10, Z11, Z12)

	MOVQ SI, 64(SP)
	MOVQ $0, 72(SP)

	PCALIGN $64
loop:
	PREFETCHT0 4096(SI)
	PREFETCHT0 4160(SI)
	VMOVDQA64 64(SI), Z4
	VMOVDQU64 66(SI), Z6
	VMOVDQA64 Z9, Z0
	VMOVDQA64 Z10, Z1
	VMOVDQA64 128(SI), Z9
	VMOVDQU64 130(SI), Z11
	BLOCK(Z4, Z5, Z6, Z7)
	BLOCK(Z9, Z10, Z11, Z12)
	VPERMT2B Z5, Z24, Z1
	VPANDQ Z1, Z0, Z0
	VPERMT2B Z10, Z24, Z5
	VPANDQ Z5, Z4, Z4
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
	JZ    aligned

	// It was for nothing.
	MOVQ SI, R9
	SUBQ 64(SP), R9
	MOVQ SI, 64(SP)
	MOVQ 72(SP), R10
	XORL BX, BX
	SUBQ R9, R10
	CMOVQLT BX, R10
	ADDQ $stopCost, R10
	MOVQ R10, 72(SP)
	CMPQ R10, $stopLimit
	JLE  next
	SUBQ $-128, SI
	SUBQ DI, SI
	MOVQ SI, offset+32(FP)
	MOVQ $0, word+40(FP)
	VZEROUPPER
	RET
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

// func noteVBMI(t *[4][128]byte, text *byte, blocks int, notes *[65]note) (n int)
//
// It has no branch for what a block holds, which would be mispredicted where many hold something.
TEXT ·noteVBMI(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), AX
	MOVQ text+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ notes+24(FP), DI
	TABLES(AX)
	XORL R8, R8 // where the block begins
	XORL R9, R9 // how many are noted, times 16
	VMOVDQU64 (SI), Z0
	VMOVDQU64 2(SI), Z2
	BLOCK(Z0, Z1, Z2, Z3)

	PCALIGN $64
blocks:
	PREFETCHT0 4096(SI)(R8*1)
	VMOVDQU64 64(SI)(R8*1), Z4
	VMOVDQU64 66(SI)(R8*1), Z6
	BLOCK(Z4, Z5, Z6, Z7)
	VPERMT2B Z5, Z24, Z1
	VPTESTMB Z1, Z0, K1
	VMOVDQA64 Z4, Z0
	VMOVDQA64 Z5, Z1
	KMOVQ K1, R10
	XORL R11, R11
	MOVQ R8, (DI)(R9*1)
	MOVQ R10, 8(DI)(R9*1)
	TESTQ R10, R10
	SETNE R11
	SHLQ $4, R11
	ADDQ R11, R9
	ADDQ $64, R8
	DECQ CX
	JNZ  blocks

	SHRQ $4, R9
	MOVQ R9, n+32(FP)
	VZEROUPPER
	RET
