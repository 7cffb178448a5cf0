package js

import (
	"encoding/json"
	"sort"
	"strings"
	"unicode/utf8"
)

// places says where a place of the parsed text stands in the file as written.
type places struct {
	parsed, written []int // offsets, in pairs, by the first
}

// newPlaces reads a source map, version 3, whose columns count UTF-16 units.
func newPlaces(sourceMap, parsed, written []byte) places {
	var m struct {
		Mappings string `json:"mappings"`
	}
	if json.Unmarshal(sourceMap, &m) != nil {
		return places{}
	}
	n := strings.Count(m.Mappings, ",") + 1
	p := places{parsed: make([]int, 0, n), written: make([]int, 0, n)}
	from, to := newColumns(parsed), newColumns(written)
	line, column, atLine, atColumn := 0, 0, 0, 0
	for group := range strings.SplitSeq(m.Mappings, ";") {
		column = 0
		for segment := range strings.SplitSeq(group, ",") {
			fields, n := vlq(segment)
			column += fields[0]
			if n < 4 { // code that no one wrote
				continue
			}
			atLine, atColumn = atLine+fields[2], atColumn+fields[3]
			p.parsed, p.written = append(p.parsed, from.offset(line, column)), append(p.written, to.offset(atLine, atColumn))
		}
		line++
	}
	return p
}

// vlq reads the numbers of a segment: base64 digits with five bits each, the least first, and the sign in the lowest bit.
func vlq(segment string) (fields [5]int, n int) {
	value, shift := 0, 0
	for i := range len(segment) {
		digit := digitOf(segment[i])
		value |= digit & 31 << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		if n == len(fields) {
			break
		}
		if fields[n] = value >> 1; value&1 != 0 {
			fields[n] = -fields[n]
		}
		n++
		value, shift = 0, 0
	}
	return fields, n
}

// digitOf returns the value of a digit in base64.
func digitOf(b byte) int {
	switch {
	case 'A' <= b && b <= 'Z':
		return int(b - 'A')
	case 'a' <= b && b <= 'z':
		return int(b-'a') + 26
	case '0' <= b && b <= '9':
		return int(b-'0') + 52
	case b == '+':
		return 62
	}
	return 63
}

// at returns where what begins at an offset of the parsed text stands in the file.
func (p places) at(offset int) int {
	i := sort.SearchInts(p.parsed, offset+1) - 1
	if i < 0 {
		return 0
	}
	return p.written[i]
}

// columns turns lines and columns in UTF-16 units into offsets.
type columns struct {
	text  []byte
	lines []int // where they begin
	// what was asked last: mostly the next question is about what is behind it, on the same line
	line, column, last int
}

func newColumns(text []byte) *columns {
	c := &columns{text: text, lines: []int{0}}
	for i, b := range text {
		switch {
		case b == '\n', b == '\r' && (i+1 == len(text) || text[i+1] != '\n'):
			c.lines = append(c.lines, i+1)
		case b == 0xA8 || b == 0xA9: // U+2028 and U+2029 end lines too
			if i >= 2 && text[i-2] == 0xE2 && text[i-1] == 0x80 {
				c.lines = append(c.lines, i+1)
			}
		}
	}
	return c
}

func (c *columns) offset(line, column int) int {
	line = min(max(line, 0), len(c.lines)-1)
	if line != c.line || column < c.column {
		c.line, c.column, c.last = line, 0, c.lines[line]
	}
	for c.column < column && c.last < len(c.text) {
		if c.text[c.last] < utf8.RuneSelf {
			c.last++
			c.column++
			continue
		}
		r, size := utf8.DecodeRune(c.text[c.last:])
		c.last += size
		if c.column++; r > 0xFFFF {
			c.column++
		}
	}
	return c.last
}
