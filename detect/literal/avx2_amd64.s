//go:build !purego

#include "textflag.h"

// BUCKETS puts into R0 the buckets of the 32 places from off(SI) on. R1 to R5 are spoiled. Y0 to Y5 are the tables, in
// the order of the Go type, Y6 holds 0x0f in each byte. The low halves need no mask: a shuffle gives 0 for bytes from
// 0x80, which no literal has, and takes the low four bits of others. The high halves come down by a multiplication with
// 0x1000 in Y15, of which the high half counts: processors that shuffle and shift in the same place do that elsewhere.
#define BUCKETS(off, R0, R1, R2, R3, R4, R5) \
	VMOVDQU (off)(SI), R0   \
	VMOVDQU (off+1)(SI), R1 \
	VMOVDQU (off+2)(SI), R2 \
	VPMULHUW Y15, R0, R3    \
	VPMULHUW Y15, R1, R4    \
	VPMULHUW Y15, R2, R5    \
	VPAND   Y6, R3, R3      \
	VPAND   Y6, R4, R4      \
	VPAND   Y6, R5, R5      \
	VPSHUFB R0, Y0, R0      \
	VPSHUFB R1, Y2, R1      \
	VPSHUFB R2, Y4, R2      \
	VPSHUFB R3, Y1, R3      \
	VPSHUFB R4, Y3, R4      \
	VPSHUFB R5, Y5, R5      \
	VPAND   R1, R0, R0      \
	VPAND   R3, R2, R2      \
	VPAND   R5, R4, R4      \
	VPAND   R2, R0, R0      \
	VPAND   R4, R0, R0

// func findAVX2(t *tables, text *byte, n int) (offset int, word uint64)
TEXT ·findAVX2(SB), NOSPLIT, $32-40
	MOVQ t+0(FP), AX
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX
	VBROADCASTI128 (AX), Y0
	VBROADCASTI128 16(AX), Y1
	VBROADCASTI128 32(AX), Y2
	VBROADCASTI128 48(AX), Y3
	VBROADCASTI128 64(AX), Y4
	VBROADCASTI128 80(AX), Y5
	MOVL $0x0f0f0f0f, BX
	MOVQ BX, X6
	VPBROADCASTD X6, Y6
	MOVL $0x10001000, BX
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
	BUCKETS(0, Y7, Y8, Y9, Y10, Y11, Y12)
	BUCKETS(32, Y13, Y8, Y9, Y10, Y11, Y12)
	VPOR  Y7, Y13, Y14
	VPTEST Y14, Y14
	JNZ   either
	ADDQ  $64, SI
	CMPQ  SI, R8
	JBE   pair

	CMPQ SI, DX
	JAE  none
single:
	BUCKETS(0, Y7, Y8, Y9, Y10, Y11, Y12)
	VPTEST Y7, Y7
	JNZ  found
	ADDQ $32, SI
none:
	SUBQ DI, SI
	MOVQ SI, offset+24(FP)
	MOVQ $0, word+32(FP)
	VZEROUPPER
	RET

either:
	VPTEST Y7, Y7
	JNZ  found
	ADDQ $32, SI
	VMOVDQU Y13, Y7
found:
	// The first eight places of Y7 that are not all 0.
	VMOVDQU Y7, (SP)
	SUBQ DI, SI
	XORQ AX, AX
	MOVQ (SP), BX
	TESTQ BX, BX
	JNZ  done
	MOVQ $8, AX
	MOVQ 8(SP), BX
	TESTQ BX, BX
	JNZ  done
	MOVQ $16, AX
	MOVQ 16(SP), BX
	TESTQ BX, BX
	JNZ  done
	MOVQ $24, AX
	MOVQ 24(SP), BX
done:
	ADDQ AX, SI
	MOVQ SI, offset+24(FP)
	MOVQ BX, word+32(FP)
	VZEROUPPER
	RET
