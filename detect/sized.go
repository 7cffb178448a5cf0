package detect

import (
	"bytes"
	"encoding/binary"

	"github.com/rekey-app/rekey/detect/encoding"
)

// Binary formats write the length of a string before it. Of a credential's lengths several are letters or digits, so that a
// word seems to run into it; and what follows may be the next length, or the next string itself. Both are measured for one byte
// (a bundler's cache); in 126 GB of public code nothing else had a letter or digit there.

const (
	// controlBefore and controlBehind are how far from a credential control bytes count: those that no text has.
	controlBefore = 128
	controlBehind = 8
	// recordReach is how far before a credential the header of its row may start, in SQLite's files.
	recordReach = 256
	// longestHeader bounds such a header: rows of some thirty columns and more are not looked into. No letter or digit can be its
	// length, so that keys close to each other cost little.
	longestHeader = 32
	// columnTypes is how many types of columns are read in all that looks like a header.
	columnTypes = 256
)

// isSized reports whether the n bytes at text[at:] are a string of a binary format, by what stands before them: it gives the
// place where they start and their length. It looks at no more than recordReach bytes.
func isSized(text []byte, at, n int) bool {
	return nearControl(text, at, n) && (sizeBefore(text[:at], n) || columnAt(text, at, n, n) > 0)
}

// sizeOf returns the length, from least to most, that a binary format gives for the string at text[at:]; 0 if none does. It
// knows fewer formats than isSized, which knows the length.
func sizeOf(text []byte, at, least, most int) int {
	if at == 0 || !nearControl(text, at, least) {
		return 0
	}
	for _, n := range [...]uint64{uint64(text[at-1]), littleEndian(text[:at], 2), littleEndian(text[:at], 4), littleEndian(text[:at], 8)} {
		if uint64(least) <= n && n <= uint64(most) {
			return int(n)
		}
	}
	return columnAt(text, at, least, most)
}

// littleEndian reads the number of that many bytes, eight at most, that s ends with; 0 if it is shorter.
func littleEndian(s []byte, width int) uint64 {
	var number [8]byte
	if len(s) >= width {
		copy(number[:], s[len(s)-width:])
	}
	return binary.LittleEndian.Uint64(number[:])
}

// nearControl reports whether control bytes are near the n bytes at text[at:].
func nearControl(text []byte, at, n int) bool {
	end := min(len(text), at+n)
	return hasControl(text[max(0, at-controlBefore):at]) || hasControl(text[end:min(len(text), end+controlBehind)])
}

func hasControl(s []byte) bool {
	for _, c := range s {
		if c < ' ' && !encoding.IsSpace(c) && c != '\f' && c != 0x1b || c == 0x7f {
			return true
		}
	}
	return false
}

// sizeBefore reports whether before ends with n as a length.
func sizeBefore(before []byte, n int) bool {
	for _, v := range [...]int{
		n,     // protobuf, and most others
		n + 1, // one more, for a NUL or so that 0 is no string (Kafka, Lua)
		2 * n, // with a sign, zigzag (Avro)
	} {
		if bytes.HasSuffix(before, binary.AppendUvarint(nil, uint64(v))) {
			return true
		}
	}
	if len(before) > 0 {
		switch int(before[len(before)-1]) {
		case n, // one byte, and big endian of any width (Java's classes)
			2*n + 13: // the last type in a row's header, in SQLite's files; columnAt knows the others
			return true
		}
	}
	for _, width := range []int{2, 4, 8} {
		if littleEndian(before, width) == uint64(n) {
			return true
		}
	}
	return false
}

// columnAt returns the length of the column of text, from least to most, that starts at text[at:] in a row of an SQLite file:
// its header, the types of all columns, is not far before. 0: there is none.
func columnAt(text []byte, at, least, most int) int {
	left := columnTypes
	for start := at - 1; start >= max(0, at-recordReach) && left > 0; start-- {
		length := int(text[start])
		if length < 2 || length > longestHeader || start+length > at {
			continue
		}
		n, row := columnIn(text[start:], length, at-start, &left)
		// Where the length is not known, bytes that only look like a header are not rare.
		if least <= n && n <= most && (least == most || rowSized(text[:start], row)) {
			return n
		}
	}
	return 0
}

// columnIn returns the length of the column of text at offset in the row, whose header has that length, and the row's own.
// Of the types that may be read it takes those that it reads from left.
func columnIn(row []byte, length, offset int, left *int) (n, whole int) {
	at := length
	for i := 1; i < length; {
		kind, width := uvarint(row[i:length])
		size, ok := columnSize(kind)
		if width == 0 || !ok || n == 0 && at > offset {
			return 0, 0
		}
		i += width
		*left--
		if at == offset && kind >= 13 && kind%2 == 1 {
			n = size
		}
		at += size
	}
	return n, at
}

// rowSized reports whether before, which ends where a row starts, ends with the row's length and its number.
func rowSized(before []byte, n int) bool {
	for number := range min(4, len(before)) {
		s := before[:len(before)-number]
		for width := 1; width <= min(2, len(s)); width++ {
			if v, w := uvarint(s[len(s)-width:]); w == width && v == uint64(n) {
				return true
			}
		}
	}
	return false
}

// uvarint reads SQLite's integer of variable length at the start of s, of two bytes at most. A width of 0: none is there.
func uvarint(s []byte) (v uint64, width int) {
	switch {
	case len(s) > 0 && s[0] < 0x80:
		return uint64(s[0]), 1
	case len(s) > 1 && s[1] < 0x80:
		return uint64(s[0]&0x7f)<<7 | uint64(s[1]), 2
	}
	return 0, 0
}

// columnSize returns how many bytes a column of that type takes, in SQLite.
func columnSize(kind uint64) (int, bool) {
	switch {
	case kind >= 12:
		return int(kind-12) / 2, true
	case kind >= 10:
		return 0, false
	}
	return [...]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}[kind], true
}

// nameAfter reports whether the assignment to another variable follows at text[end:] where there should be a line end: a line
// was appended to a file whose last one had none. What stands there cannot belong to the value at text[at:end], which is one
// itself.
func nameAfter(text []byte, at, end int) bool {
	const longest = 64
	if at == 0 || text[at-1] != '=' {
		return false
	}
	s := text[end:min(len(text), end+longest)]
	if rest, ok := bytes.CutPrefix(s, []byte("export ")); ok {
		s = rest
	}
	n := 0
	for n < len(s) && (isUpper(s[n]) || n > 0 && (isDigit(s[n]) || s[n] == '_')) {
		n++
	}
	return n >= 3 && n+1 < len(s) && s[n] == '=' && s[n+1] != '='
}
