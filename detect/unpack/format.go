package unpack

import (
	"bytes"
	"encoding/binary"
)

// HeadSize is how many bytes [Format] looks at. Fewer will do, except for tar.
const HeadSize = 512

// Format names the format that head, the first bytes of a file, is the beginning of: "gzip", "bzip2", "zstd", "xz",
// "zip" or "tar", or "" if none. It looks at [HeadSize] bytes at most and costs a few comparisons.
func Format(head []byte) string {
	if len(head) < 4 {
		return ""
	}
	switch head[0] {
	case 0x1f:
		// The magic, deflate (the only method there is), and no reserved flag.
		if head[1] == 0x8b && head[2] == 8 && head[3]&0xe0 == 0 {
			return "gzip"
		}
	case 'B':
		// A block or, in an empty file, the end follows at once.
		if len(head) >= 10 && head[1] == 'Z' && head[2] == 'h' && '1' <= head[3] && head[3] <= '9' {
			if next := string(head[4:10]); next == "\x31\x41\x59\x26\x53\x59" || next == "\x17\x72\x45\x38\x50\x90" {
				return "bzip2"
			}
		}
	case 0xfd:
		if len(head) >= 6 && string(head[1:6]) == "7zXZ\x00" {
			return "xz"
		}
	case 'P':
		// A local file, the end of an empty archive, or the mark of one split over several disks.
		if s := string(head[:4]); s == "PK\x03\x04" || s == "PK\x05\x06" || s == "PK\x07\x08" || s == "PK00" {
			return "zip"
		}
	}
	// A frame, or a skippable frame before it.
	if m := binary.LittleEndian.Uint32(head); m == 0xfd2fb528 || m&^0xf == 0x184d2a50 {
		return "zstd"
	}
	if isTar(head) {
		return "tar"
	}
	return ""
}

// isTar reports whether head begins with a tar header, of any kind since version 7 of Unix: its checksum fits.
func isTar(head []byte) bool {
	const start, end = 148, 156
	if len(head) < 512 || head[0] == 0 {
		return false
	}
	// The checksum is octal, with spaces before and NUL or space behind.
	field := bytes.Trim(head[start:end], " \x00")
	if len(field) == 0 {
		return false
	}
	want := 0
	for _, c := range field {
		if c < '0' || c > '7' {
			return false
		}
		want = want*8 + int(c-'0')
	}
	// The field itself counts as spaces. Some old programs summed signed bytes.
	unsigned, signed := 0, 0
	for i, c := range head[:512] {
		if start <= i && i < end {
			c = ' '
		}
		unsigned += int(c)
		signed += int(int8(c))
	}
	return want == unsigned || want == signed
}
