//go:build !purego

#include "textflag.h"
#include "funcdata.h"

// HASHED tells, in the zero flag, whether the filter at R11 has the bytes in R0. R0, R9 and R10 are spoiled.
#define HASHED(R0) \
	IMULL $0x9e3779b1, R0   \
	MOVL  R0, R9            \
	SHRL  $24, R9           \
	MOVQ  (R11)(R9*8), R9   \
	XORL  R10, R10          \
	SHRL  $12, R0           \
	BTSQ  R0, R10           \
	SHRL  $6, R0            \
	BTSQ  R0, R10           \
	NOTQ  R9                \
	TESTQ R9, R10

// BUCKETS puts into R0 the buckets of the 32 places from off(SI) on; R1 to R3 are spoiled. Y0 to Y3 are the tables of the
// low four bits of the four bytes, Y4 to Y6 those of bits 3 to 6 of all but the first, Y8 holds 0x0f in each byte. That
// both kinds know bit 3 keeps apart what else would pass for a byte with the low half of one and the high half of another.
//
// The low bits need no mask: a shuffle gives 0 for bytes from 0x80, which no literal has, and takes the low four bits of
// others. The high ones come down by a multiplication with 0x2000 in Y15, of which the high half counts: processors that
// shuffle and shift in the same place do that elsewhere. What the high half of the first byte could tell is not worth it.
#define BUCKETS(off, R0, R1, R2, R3) \
	VPMULHUW (off+1)(SI), Y15, R2 \
	VPSHUFB (off)(SI), Y0, R0     \
	VPSHUFB (off+1)(SI), Y1, R1   \
	VPAND   Y8, R2, R2            \
	VPAND   R1, R0, R0            \
	VPSHUFB R2, Y4, R2            \
	VPMULHUW (off+2)(SI), Y15, R3 \
	VPAND   R2, R0, R0            \
	VPSHUFB (off+2)(SI), Y2, R1   \
	VPAND   Y8, R3, R3            \
	VPAND   R1, R0, R0            \
	VPSHUFB R3, Y5, R3            \
	VMOVDQU (off+3)(SI), R1       \
	VPAND   R3, R0, R0            \
	VPMULHUW R1, Y15, R2          \
	VPSHUFB R1, Y3, R1            \
	VPAND   Y8, R2, R2            \
	VPAND   R1, R0, R0            \
	VPSHUFB R2, Y6, R2            \
	VPAND   R2, R0, R0

// PROBE adds, as bit 0 of R10, whether the filter at R11 has the bytes at the first place in CX, which it takes out of it. Of
// none left it takes the place behind the block. AX, BX and R9 are spoiled.
#define PROBE \
	TZCNTQ CX, AX                          \
	BLSRQ  CX, CX                          \
	IMUL3L $0x9e3779b1, (SI)(AX*1), AX     \
	MOVL   AX, BX                          \
	MOVL   AX, R9                          \
	SHRL   $24, BX                         \
	SHRL   $12, AX                         \
	SHRL   $18, R9                         \
	MOVQ   (R11)(BX*8), BX                 \
	SHRXQ  AX, BX, AX                      \
	SHRXQ  R9, BX, R9                      \
	ANDQ   R9, AX                          \
	ORQ    AX, R10

// func findAVX2(t *tables, filter *filter, text *byte, n int, list *[candidates]candidate) (done, count int)
//
// On the stack: the addresses of up to 64 blocks of 64 places at 0, the places where each has nothing as bits at 512, where
// the next chunk begins at 1024, and the buckets of one block at 1032.
//
// A branch for each block in which the vectors see something, and for each place there, would be mispredicted most times,
// at the price of several blocks. So all blocks of a chunk are looked at first, and those worth a second look are noted
// without a branch. Then two places of each are looked up in the filter, of which the second may be none, with one branch
// for both. The text is fetched far ahead, so that the memory has something to do meanwhile.
TEXT ·findAVX2(SB), 0, $1096-56
	NO_LOCAL_POINTERS
	MOVQ t+0(FP), AX
	MOVQ filter+8(FP), R11
	MOVQ text+16(FP), SI
	MOVQ n+24(FP), CX
	MOVQ list+32(FP), R13
	VMOVDQU (AX), Y0
	VMOVDQU 32(AX), Y1
	VMOVDQU 64(AX), Y2
	VMOVDQU 96(AX), Y3
	VMOVDQU 128(AX), Y4
	VMOVDQU 160(AX), Y5
	VMOVDQU 192(AX), Y6
	VMOVDQU 224(AX), Y8
	VMOVDQU 256(AX), Y15
	VPXOR Y14, Y14, Y14
	MOVQ SI, DI          // where text begins
	LEAQ (SI)(CX*1), DX  // where it ends
	LEAQ -64(DX), R8     // its last block

chunk:
	LEAQ (63*64)(SI), AX // the chunk's last block
	CMPQ AX, R8
	CMOVQHI R8, AX
	XORL R12, R12        // how many blocks are noted

	PCALIGN $32
block:
	LEAQ 8192(SI), CX
	CMPQ CX, R8
	CMOVQHI R8, CX
	PREFETCHT0 (CX)
	BUCKETS(0, Y9, Y10, Y11, Y12)
	BUCKETS(32, Y13, Y10, Y11, Y12)
	VPCMPEQB Y14, Y9, Y9
	VPCMPEQB Y14, Y13, Y13
	VPMOVMSKB Y9, CX
	VPMOVMSKB Y13, BX
	SHLQ $32, BX
	MOVQ SI, (SP)(R12*8)
	ORQ  BX, CX
	MOVQ CX, 512(SP)(R12*8)
	CMPQ CX, $-1
	ADCQ $0, R12
	ADDQ $64, SI
	CMPQ SI, AX
	JBE  block

	TESTQ R12, R12
	JZ    looked
	MOVQ  SI, 1024(SP)
	XORL  R15, R15
noted:
	MOVQ (SP)(R15*8), SI
	MOVQ 512(SP)(R15*8), CX
	NOTQ CX
	XORL R10, R10
probe:
	PROBE
	PROBE
	TESTL $1, R10
	JNE  hit
	TESTQ CX, CX
	JNE  probe
on:
	INCQ R15
	CMPQ R15, R12
	JB   noted
	MOVQ 1024(SP), SI

looked:
	CMPQ SI, R8
	JA   rest
	CMPQ R13, list+32(FP)
	JE   chunk
	JMP  done
rest:
	// Fewer than 64 places are left: they are looked at together with those before them.
	CMPQ SI, DX
	JAE  done
	MOVQ R8, SI
	JMP  chunk

hit:
	// One by one, with those of the block that were looked up before.
	BUCKETS(0, Y9, Y10, Y11, Y12)
	BUCKETS(32, Y13, Y10, Y11, Y12)
	VMOVDQU Y9, 1032(SP)
	VMOVDQU Y13, 1064(SP)
	MOVQ 512(SP)(R15*8), CX
	NOTQ CX
place:
	TZCNTQ CX, AX
	MOVL (SI)(AX*1), BX
	HASHED(BX)
	JNE  next
	MOVQ list+32(FP), BX
	LEAQ (31*16)(BX), BX
	CMPQ R13, BX
	JA   full
	MOVBLZX 1032(SP)(AX*1), BX
	MOVQ BX, 8(R13)
	LEAQ (SI)(AX*1), BX
	SUBQ DI, BX
	MOVQ BX, (R13)
	ADDQ $16, R13
next:
	BLSRQ CX, CX
	JNE  place
	JMP  on

full:
	// On from this place the next time.
	ADDQ AX, SI
done:
	SUBQ DI, SI
	MOVQ SI, done+40(FP)
	SUBQ list+32(FP), R13
	SHRQ $4, R13
	MOVQ R13, count+48(FP)
	VZEROUPPER
	RET
