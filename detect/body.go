package detect

import (
	"encoding/base64"
	"math"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

// The classes of bytes that rules refer to.
func isUpper(c byte) bool  { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool  { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return isUpper(c) || isLower(c) }

// isWord reports whether a key cannot begin right behind c.
func isWord(c byte) bool { return encoding.IsBase62(c) || c == '_' || c == '-' }

// isTail reports whether a key cannot end right before c.
func isTail(c byte) bool { return encoding.IsBase64(c) || c == '=' }

// all reports whether every byte of s is of a class.
func all[T string | []byte](s T, class func(byte) bool) bool {
	for i := range len(s) {
		if !class(s[i]) {
			return false
		}
	}
	return true
}

func isAlphanumeric(s string) bool { return all(s, encoding.IsBase62) }

// entropy returns the Shannon entropy of s in bits a byte.
func entropy(s string) float64 {
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	h := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			h -= p * math.Log2(p)
		}
	}
	return h
}

// hasClasses reports whether s holds an upper-case and a lower-case letter.
func hasClasses(s string) bool {
	var upper, lower bool
	for i := range len(s) {
		upper = upper || isUpper(s[i])
		lower = lower || isLower(s[i])
	}
	return upper && lower
}

// random reports whether the body of a secret key looks as drawn at random from base62, which all 81 measured ones are. What
// it rejects are placeholders: low entropy, one class of letters, sequences, repetitions, words, encoded sentences. Of
// random bodies it rejects fewer than one in a million; TestLosses counts.
func random(body string) bool { return hasClasses(body) && secretLooking(body, 4) }

// generated reports whether s, of an alphabet that nobody documents, may come from a generator and not from an identifier
// or a word: it holds a digit, or else as many letters of each case as random ones do.
func generated(s string) bool {
	upper, lower := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			return true
		case isUpper(c):
			upper++
		case isLower(c):
			lower++
		}
	}
	return min(upper, lower) >= len(s)/5
}

// secretLooking is random for bodies of other alphabets: at least bits of entropy a character, and no placeholder.
func secretLooking(body string, bits float64) bool {
	return entropy(body) >= bits && !isSequence(body) && !isRepetition(body) && !isWords(body) && !isEncodedText(body)
}

// keyboardRows are sequences as hands make them.
const keyboardRows = "qwertyuiop asdfghjkl zxcvbnm"

// isSequence reports whether much of s counts up or down, or runs along a keyboard.
func isSequence(s string) bool {
	steps := 0
	for i := 1; i < len(s); i++ {
		a, b := s[i-1]|0x20, s[i]|0x20
		if d := int(a) - int(b); d == 1 || d == -1 {
			steps++
		} else if isLetter(s[i-1]) && strings.Contains(keyboardRows, string([]byte{a, b})) {
			steps++
		}
	}
	return steps*2 >= len(s)
}

// isRepetition reports whether s is a shorter string said again and again.
func isRepetition(s string) bool {
	for period := 1; period <= len(s)*2/3; period++ {
		same := 0
		for i := period; i < len(s); i++ {
			if s[i] == s[i-period] {
				same++
			}
		}
		if same*4 >= (len(s)-period)*3 {
			return true
		}
	}
	return false
}

// isEncodedText reports whether s is the base64 of readable text, as placeholders and the keys of WorkOS are.
func isEncodedText(s string) bool {
	if strings.HasPrefix(s, "a2V5Xz") { // "key_", WorkOS and Highnote
		return true
	}
	decoded, err := base64.RawStdEncoding.DecodeString(s[:len(s)-len(s)%4])
	if err != nil || len(decoded) == 0 {
		return false
	}
	readable := 0
	for _, c := range decoded {
		if 0x20 <= c && c < 0x7f || c == '\n' {
			readable++
		}
	}
	return readable*10 >= len(decoded)*9
}

// placeholderWords are what people write into a key that is none. Short ones count only together, see isWords.
const placeholderWords = "example sample dummy placeholder changeme replace insert secret fake mock test your here goes " +
	"this that with from real todo fixme none null redact masked hidden live prod stag deve envi production clerk " +
	"stripe token password value string random character invalid value demo foobar lorem ipsum deadbeef cafebabe " +
	"build publish integration testing github action runner docker compose local"

// isWords reports whether s is made of words.
func isWords(s string) bool {
	lower := strings.ToLower(s)
	covered := make([]bool, len(s))
	for word := range strings.FieldsSeq(placeholderWords) {
		for from := 0; ; {
			i := strings.Index(lower[from:], word)
			if i < 0 {
				break
			}
			for j := range len(word) {
				covered[from+i+j] = true
			}
			from += i + 1
		}
	}
	n := 0
	for _, c := range covered {
		if c {
			n++
		}
	}
	return n >= 9 || commonPairs(lower) >= max(13, len(s)/3)
}

// pairs are the commonest pairs of letters in English, and those of placeholders.
const pairs = " th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar ve ra ld ur ke ey "

func commonPairs(lower string) int {
	n := 0
	for i := 1; i < len(lower); i++ {
		if strings.Contains(pairs, " "+lower[i-1:i+1]+" ") {
			n++
		}
	}
	return n
}
