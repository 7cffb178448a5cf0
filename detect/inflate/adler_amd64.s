//go:build !purego

#include "textflag.h"

// weights counts down from 32 to 1: how often each byte of 32 counts among their running sums.
DATA weights<>+0(SB)/8, $0x191a1b1c1d1e1f20
DATA weights<>+8(SB)/8, $0x1112131415161718
DATA weights<>+16(SB)/8, $0x090a0b0c0d0e0f10
DATA weights<>+24(SB)/8, $0x0102030405060708
GLOBL weights<>(SB), RODATA|NOPTR, $32

// func sumAVX2(p *byte, n int) (sumBytes, sumSums uint32)
TEXT ·sumAVX2(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	VMOVDQU weights<>(SB), Y1
	VPXOR Y0, Y0, Y0
	VPCMPEQW Y2, Y2, Y2
	VPSRLW $15, Y2, Y2 // ones
	VPXOR Y3, Y3, Y3   // the bytes' sum
	VPXOR Y4, Y4, Y4   // the sums before each 32 bytes
	VPXOR Y5, Y5, Y5   // the bytes by their weights

loop:
	VMOVDQU (SI), Y6
	VPADDQ Y3, Y4, Y4
	VPSADBW Y0, Y6, Y7
	VPADDQ Y7, Y3, Y3
	VPMADDUBSW Y1, Y6, Y8
	VPMADDWD Y2, Y8, Y8
	VPADDD Y8, Y5, Y5
	ADDQ $32, SI
	SUBQ $32, CX
	JNZ loop

	// A sum before 32 bytes counts once for each of them.
	VPSLLQ $5, Y4, Y4
	VPADDD Y4, Y5, Y5
	VEXTRACTI128 $1, Y3, X6
	VPADDD X6, X3, X3
	VPSHUFD $0x4e, X3, X6
	VPADDD X6, X3, X3
	VMOVD X3, AX
	VEXTRACTI128 $1, Y5, X6
	VPADDD X6, X5, X5
	VPSHUFD $0x4e, X5, X6
	VPADDD X6, X5, X5
	VPSHUFD $0xb1, X5, X6
	VPADDD X6, X5, X5
	VMOVD X5, BX
	VZEROUPPER
	MOVL AX, sumBytes+16(FP)
	MOVL BX, sumSums+20(FP)
	RET
