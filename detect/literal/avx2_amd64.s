//go:build !purego

#include "textflag.h"

// BUCKETS puts into R0 the buckets of the 32 places from off(SI) on; R1 to R3 are spoiled. Y0 to Y3 are the tables of the
// low four bits of the four bytes, Y4 to Y6 those of bits 3 to 6 of all but the first, Y8 holds 0x0f in each byte. That
// both kinds know bit 3 keeps apart what else would pass for a byte with the low half of one and the high half of another.
//
// The low bits need no mask: a shuffle gives 0 for bytes from 0x80, which no literal has, and takes the low four bits of
// others. The high ones come down by a multiplication with 0x2000 in Y15, of which the high half counts: processors that
// shuffle and shift in the same place do that elsewhere. What the high half of the first byte could tell is not worth it.
#define BUCKETS(off, R0, R1, R2, R3) \
	VPMULHUW (off+1)(SI), Y15, R1 \
	VPMULHUW (off+2)(SI), Y15, R2 \
	VPMULHUW (off+3)(SI), Y15, R3 \
	VPSHUFB (off)(SI), Y0, R0     \
	VPAND   Y8, R1, R1            \
	VPAND   Y8, R2, R2            \
	VPAND   Y8, R3, R3            \
	VPSHUFB R1, Y4, R1            \
	VPSHUFB R2, Y5, R2            \
	VPSHUFB R3, Y6, R3            \
	VPAND   R1, R0, R0            \
	VPAND   R3, R2, R2            \
	VPSHUFB (off+1)(SI), Y1, R1   \
	VPSHUFB (off+2)(SI), Y2, R3   \
	VPAND   R2, R0, R0            \
	VPAND   R1, R3, R3            \
	VPSHUFB (off+3)(SI), Y3, R1   \
	VPAND   R3, R0, R0            \
	VPAND   R1, R0, R0

// HASHED tells, in the carry flag, whether the filter at R11 has the bytes in R0. R0 and R9 are spoiled.
#define HASHED(R0) \
	IMULL $0x9e3779b1, R0   \
	SHRL  $18, R0           \
	MOVL  R0, R9            \
	SHRL  $6, R9            \
	MOVQ  (R11)(R9*8), R9   \
	BTQ   R0, R9

// func findAVX2(t *avx2Tables, filter *filter, text *byte, n int) (offset int, word uint64)
TEXT ·findAVX2(SB), NOSPLIT, $32-48
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
	VMOVDQU (AX), Y0
	VMOVDQU 32(AX), Y1
	VMOVDQU 64(AX), Y2
	VMOVDQU 96(AX), Y3
	VMOVDQU 128(AX), Y4
	VMOVDQU 160(AX), Y5
	VMOVDQU 192(AX), Y6
	VMOVDQU 224(AX), Y8
	VMOVDQU 256(AX), Y15
	MOVQ SI, DI          // where text begins
	LEAQ (SI)(CX*1), DX  // where it ends
	LEAQ -64(DX), R8     // the last place for two vectors
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

	// Fewer than 64 places are left. They are looked at together with those before them, none of which was worth a stop.
	CMPQ SI, DX
	MOVQ R8, SI
	JB   pair

	SUBQ DI, DX
	MOVQ DX, offset+32(FP)
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
	JMP   next

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
