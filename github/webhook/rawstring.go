package webhook

import (
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// rawString is a JSON string whose bytes are kept as they came. encoding/json would put U+FFFD where they are not
// UTF-8, and a ref so changed names another ref.
type rawString string

// UnmarshalJSON takes a string, or null for the empty one. It is called with well-formed JSON only.
func (s *rawString) UnmarshalJSON(literal []byte) error {
	if string(literal) == "null" {
		*s = ""
		return nil
	}
	if len(literal) < 2 || literal[0] != '"' {
		// The value itself stays out of the error.
		return &json.UnmarshalTypeError{Value: "value", Type: reflect.TypeFor[string]()}
	}
	literal = literal[1 : len(literal)-1]
	text := make([]byte, 0, len(literal))
	for i := 0; i < len(literal); i++ {
		if literal[i] != '\\' || i+1 == len(literal) {
			text = append(text, literal[i])
			continue
		}
		i++
		switch literal[i] {
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			r := codeUnit(literal[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				pair := utf8.RuneError
				if len(literal) > i+2 && literal[i+1] == '\\' && literal[i+2] == 'u' {
					pair = utf16.DecodeRune(r, codeUnit(literal[i+3:]))
				}
				if pair != utf8.RuneError {
					i += 6
				}
				r = pair
			}
			text = utf8.AppendRune(text, r)
		default: // a quote, a slash or a backslash
			text = append(text, literal[i])
		}
	}
	*s = rawString(text)
	return nil
}

// codeUnit reads the four digits of a \u escape.
func codeUnit(digits []byte) rune {
	if len(digits) < 4 {
		return utf8.RuneError
	}
	unit, err := strconv.ParseUint(string(digits[:4]), 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(unit)
}
