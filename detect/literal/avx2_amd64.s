//go:build !purego

#include "textflag.h"

// HALVES looks the bytes in R0 up in the tables T0, of bits 0 to 3, and T1, of bits 3 to 6; R1 is spoiled. That both know
// bit 3 keeps apart what else would pass for a byte with the low half of one and the high half of another. Y8 holds 0x0f
// in each byte. The high bits come down by a multiplication with 0x2000 in Y15, of which the high half counts: processors
// that shuffle and shift in the same place do that elsewhere.
#define HALVES(T0, T1, R0, R1) \
	VPMULHUW Y15, R0, R1   \
	VPAND   Y8, R1, R1     \
	VPSHUFB R0, T0, R0     \
	VPSHUFB R1, T1, R1     \
	VPAND   R1, R0, R0

// BUCKETS puts into R0 the buckets of the 32 places from off(SI) on. R1 to R3 are spoiled. Y0 to Y7 are the tables, in
// the order of the Go type. The low bits of the first three bytes need no mask: a shuffle gives 0 for bytes from 0x80,
// which no literal has, and takes the low four bits of others. The fourth may be any byte.
#define BUCKETS(off, R0, R1, R2, R3) \
	VMOVDQU (off)(SI), R0    \
	HALVES(Y0, Y1, R0, R1)   \
	VMOVDQU (off+1)(SI), R2  \
	HALVES(Y2, Y3, R2, R3)   \
	VPAND R2, R0, R0         \
	VMOVDQU (off+2)(SI), R1  \
	HALVES(Y4, Y5, R1, R3)   \
	VMOVDQU (off+3)(SI), R2  \
	VPMULHUW Y15, R2, R3     \
	VPAND   Y8, R2, R2       \
	VPAND   Y8, R3, R3       \
	VPSHUFB R2, Y6, R2       \
	VPSHUFB R3, Y7, R3       \
	VPAND   R1, R0, R0       \
	VPAND   R3, R2, R2       \
	VPAND   R2, R0, R0

// HASHED tells, in the carry flag, whether the filter at R11 has the bytes in R0. R0 and R9 are spoiled.
#define HASHED(R0) \
	IMULL $0x9e3779b1, R0   \
	SHRL  $20, R0           \
	MOVL  R0, R9            \
	SHRL  $6, R9            \
	MOVQ  (R11)(R9*8), R9   \
	BTQ   R0, R9

// func findAVX2(t *[4][2][16]byte, filter *[64]uint64, text *byte, n int) (offset int, word uint64)
TEXT ·findAVX2(SB), NOSPLIT, $32-48
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
	VBROADCASTI128 (AX), Y0
	VBROADCASTI128 16(AX), Y1
	VBROADCASTI128 32(AX), Y2
	VBROADCASTI128 48(AX), Y3
	VBROADCASTI128 64(AX), Y4
	VBROADCASTI128 80(AX), Y5
	VBROADCASTI128 96(AX), Y6
	VBROADCASTI128 112(AX), Y7
	MOVL $0x0f0f0f0f, BX
	MOVQ BX, X8
	VPBROADCASTD X8, Y8
	MOVL $0x20002000, BX
	MOVQ BX, X15
	VPBROADCASTD X15, Y15
	MOVQ SI, DI          // where text begins
	LEAQ (SI)(CX*1), DX  // where it ends
	LEAQ -64(DX), R8     // the last place for two vectors
	CMPQ SI, R8
	JA   single

	PCALIGN $32
pair:
	PREFETCHT0 2048(SI)
	BUCKETS(0, Y9, Y10, Y11, Y12)
	BUCKETS(32, Y13, Y10, Y11, Y12)
	VPOR  Y9, Y13, Y14
	VPTEST Y14, Y14
	JNZ   either
next:
	ADDQ  $64, SI
	CMPQ  SI, R8
	JBE   pair

	CMPQ SI, DX
	JAE  none
single:
	BUCKETS(0, Y9, Y10, Y11, Y12)
	VPXOR Y13, Y13, Y13
	VPTEST Y9, Y9
	JNZ  either
last:
	MOVQ DX, SI
none:
	SUBQ DI, SI
	MOVQ SI, offset+32(FP)
	MOVQ $0, word+40(FP)
	VZEROUPPER
	RET

either:
	// The places of both vectors as bits.
	VPXOR Y14, Y14, Y14
	VPCMPEQB Y14, Y9, Y10
	VPCMPEQB Y14, Y13, Y11
	VPMOVMSKB Y10, CX
	VPMOVMSKB Y11, BX
	SHLQ $32, BX
	ORQ  BX, CX
	NOTQ CX
check:
	// The first of them whose four bytes, or first three, are in the filter.
	BSFQ  CX, AX
	MOVL  (SI)(AX*1), BX
	MOVL  BX, R10
	HASHED(BX)
	JCS   found
	SHLL  $8, R10
	HASHED(R10)
	JCS   found
	LEAQ  -1(CX), BX
	ANDQ  BX, CX
	JNZ   check
	CMPQ  SI, R8
	JBE   next
	JMP   last

found:
	// The eight places that AX is among.
	CMPQ AX, $32
	JLT  store
	VMOVDQU Y13, Y9
store:
	VMOVDQU Y9, (SP)
	MOVQ AX, BX
	ANDQ $24, BX
	MOVQ (SP)(BX*1), BX
	ANDQ $56, AX
	SUBQ DI, SI
	ADDQ AX, SI
	MOVQ SI, offset+32(FP)
	MOVQ BX, word+40(FP)
	VZEROUPPER
	RET
