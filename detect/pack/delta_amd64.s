//go:build !purego

#include "textflag.h"

// argBits holds, for the low four bits of a copy instruction, how many bits of an offset follow, and at 16, for the three
// bits above, how many of a size. Where an offset byte is left out below one that is there, it says 56, which leaves
// nothing for the size; where a size byte is, 0. A size of 0 is not for here.
DATA argBits<>+0(SB)/8, $0x1838383810380800
DATA argBits<>+8(SB)/8, $0x2038383838383838
DATA argBits<>+16(SB)/8, $0x1800000010000800
GLOBL argBits<>(SB), RODATA|NOPTR, $24

// func applyAVX2(dst, base, ops *byte, dstLen, baseLen, opsLen int) (made, used int)
//
// Whether an instruction copies or inserts, and how much, no processor foresees. So there is no branch for either: what
// both would take is worked out and one chosen, and 64 bytes are copied whatever the size. What is too many is written
// over by the next instruction, and where there is no room for it, the caller goes on.
TEXT ·applyAVX2(SB), NOSPLIT, $0-64
	MOVQ dst+0(FP), DI
	MOVQ base+8(FP), BX
	MOVQ ops+16(FP), SI
	MOVQ dstLen+24(FP), R8
	MOVQ baseLen+32(FP), R9
	MOVQ opsLen+40(FP), R10
	LEAQ -64(DI)(R8*1), R8   // the last place for 64 bytes in dst
	LEAQ -64(BX)(R9*1), R9   // in base
	LEAQ -64(SI)(R10*1), R10 // in ops
	LEAQ 56(R10), R11        // and the last for an instruction of 8 bytes
	LEAQ argBits<>(SB), R12

	PCALIGN $32
next:
	CMPQ SI, R11
	JA   done
	CMPQ DI, R8
	JA   done
	MOVBLZX (SI), DX // the instruction
	MOVQ (SI), AX
	SHRQ $8, AX      // the bytes behind it

	// CX is its length: the next one can begin before this one is carried out.
	POPCNTL DX, CX
	LEAL 1(DX), R13
	TESTB DX, DX
	CMOVLPL R13, CX

	// What it copies: R15 is from where, R14 the last place for 64 bytes there, AX the size.
	MOVL DX, R13
	ANDL $15, R13
	MOVL DX, R14
	SHRL $4, R14
	ANDL $7, R14
	MOVBLZX (R12)(R13*1), R13
	MOVBLZX 16(R12)(R14*1), R14
	BZHIQ R13, AX, R15
	SHRXQ R13, AX, AX
	BZHIQ R14, AX, AX
	ADDQ  BX, R15
	MOVQ  R9, R14

	// What it inserts, if it does.
	LEAQ 1(SI), R13
	TESTB DX, DX
	CMOVQPL R13, R15
	CMOVQPL R10, R14
	CMOVQPL DX, AX

	LEAQ -1(AX), R13
	CMPQ R13, $64
	JAE  longer
	CMPQ R15, R14
	JA   done
	VMOVDQU (R15), Y0
	VMOVDQU 32(R15), Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ AX, DI
	ADDQ CX, SI
	JMP  next

longer:
	// 64 bytes after 64; the caller does better from 2 KiB on. A size of 0 passes for the largest.
	CMPQ R13, $2048
	JAE  done
	LEAQ (R15)(AX*1), R13
	CMPQ R13, R14
	JA   done
	ADDQ DI, AX
	CMPQ AX, R8
	JA   done
copy:
	VMOVDQU (R15), Y0
	VMOVDQU 32(R15), Y1
	VMOVDQU Y0, (DI)
	VMOVDQU Y1, 32(DI)
	ADDQ $64, R15
	ADDQ $64, DI
	CMPQ DI, AX
	JB   copy
	MOVQ AX, DI
	ADDQ CX, SI
	JMP  next

done:
	SUBQ dst+0(FP), DI
	MOVQ DI, made+48(FP)
	SUBQ ops+16(FP), SI
	MOVQ SI, used+56(FP)
	VZEROUPPER
	RET
