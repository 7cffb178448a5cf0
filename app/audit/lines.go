package audit

import (
	"bytes"
	"slices"
	"strings"
)

// maxCompared bounds the comparison of two texts: lines of the one times lines of the other, without what they begin and end with alike.
const maxCompared = 4 << 20

// align says which lines of a text are those of the one before, as a comparison of both shows them: numbers from 1, those before by those
// after. Where that would take too much, none between the first and the last difference is.
func align(before, after []byte) map[int]int {
	a, b := lines(before), lines(after)
	same := map[int]int{}
	first := 0
	for first < len(a) && first < len(b) && a[first] == b[first] {
		first++
		same[first] = first
	}
	n, m := len(a), len(b)
	for n > first && m > first && a[n-1] == b[m-1] {
		same[m] = n
		n, m = n-1, m-1
	}
	a, b = a[first:n], b[first:m]
	if len(a)*len(b) <= maxCompared {
		for i, j := range common(a, b) {
			same[first+i+1] = first + j + 1
		}
	}
	return same
}

func lines(text []byte) (list []string) {
	for line := range bytes.Lines(text) {
		list = append(list, strings.TrimRight(string(line), "\r\n"))
	}
	return list
}

// common returns a longest common subsequence of a and b: its places in a by those in b.
func common(a, b []string) map[int]int {
	places := map[int]int{}
	width := len(b) + 1
	longest := make([]int32, (len(a)+1)*width) // of what follows
	for i, above := range slices.Backward(a) {
		for j, below := range slices.Backward(b) {
			if above == below {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			places[j] = i
			i, j = i+1, j+1
		case longest[(i+1)*width+j] >= longest[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return places
}

// lineOf returns a line of a text, from 1, without the space around it; "" where there is none.
func lineOf(text []byte, number int) string {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n == number {
			return string(bytes.TrimSpace(line))
		}
	}
	return ""
}
