package literal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Plan says for each literal where the search looks for it. It decides how fast the search is, never what it finds. Make
// one with [Anneal], once, and keep its text.
type Plan map[string]Placement

// Placement is what the search looks for of one literal.
type Placement struct {
	Offset int // in the literal, of the four bytes that are looked for, at most 15
	Bucket int // from 0 to 7, in which they are; literals share buckets
}

// Sight is what a way to search knows of each byte, and so what a plan is good for.
type Sight int

const (
	// Bytes is to know which bytes stand at a place of a bucket's windows: with AVX-512.
	Bytes Sight = iota
	// Halves is to know which halves stand there, and so which of one byte with which of another: with AVX2.
	Halves
	// Pairs is to know which two bytes in a row stand in any window's first three: without vectors.
	Pairs
)

// Plans are a plan for each [Sight]. A search goes by its own.
type Plans [3]Plan

// farthest is the largest Offset.
const farthest = 15

// ParsePlan reads what [Plan.String] wrote. It does not know the literals: [Compile] says what is missing.
func ParsePlan(text string) (Plan, error) {
	text = strings.TrimSpace(text)
	p := make(Plan, strings.Count(text, "\n")+1)
	for n, line := range strings.Split(text, "\n") {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("plan, line %d: %q does not start with a quoted literal", n+1, line)
		}
		offset, bucket, _ := strings.Cut(strings.TrimPrefix(line[len(quoted):], " "), " ")
		var at Placement
		var errOffset, errBucket error
		at.Offset, errOffset = strconv.Atoi(offset)
		at.Bucket, errBucket = strconv.Atoi(bucket)
		if errOffset != nil || errBucket != nil {
			return nil, fmt.Errorf("plan, line %d: %q: no offset and bucket behind the literal", n+1, line)
		}
		l, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("plan, line %d: %w", n+1, err)
		}
		p[l] = at
	}
	return p, nil
}

// String returns the plan as text, a line a literal, ordered by buckets.
func (p Plan) String() string {
	literals := make([]string, 0, len(p))
	for l := range p {
		literals = append(literals, l)
	}
	slices.SortFunc(literals, func(a, b string) int {
		if p[a].Bucket != p[b].Bucket {
			return p[a].Bucket - p[b].Bucket
		}
		return strings.Compare(a, b)
	})
	var s strings.Builder
	for _, l := range literals {
		fmt.Fprintf(&s, "%q %d %d\n", l, p[l].Offset, p[l].Bucket)
	}
	return s.String()
}

// place returns the placement of literal number i.
func (p Plan) place(i int, l string) (Placement, error) {
	if p == nil {
		return Placement{0, i % groups}, nil
	}
	at, ok := p[l]
	if !ok {
		return at, fmt.Errorf("literal %q is not in the plan: generate the plan again", l)
	}
	if at.Offset < 0 || at.Offset > max(0, min(farthest, len(l)-window)) || at.Bucket < 0 || at.Bucket >= groups {
		return at, fmt.Errorf("literal %q: the plan looks for it at offset %d in bucket %d, which it does not have", l, at.Offset, at.Bucket)
	}
	return at, nil
}
