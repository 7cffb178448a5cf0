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
