package literal

import (
	"fmt"
	"strconv"
	"strings"
)

// Placements say for each literal where the search looks for it. They decide how fast the search is, never what it finds.
// TestAnneal finds good ones.
type Placements map[string]Placement

// Placement is what the search looks for of one literal.
type Placement struct {
	Offset int // in the literal, of the four bytes that are looked for, at most 15
	Bucket int // from 0 to 7, in which they are; literals share buckets
}

// farthest is the largest Offset.
const farthest = 15

// ParsePlacements reads what [Placements.String] wrote. It does not know the literals: [Compile] says what is missing.
func ParsePlacements(text string) (Placements, error) {
	text = strings.TrimSpace(text)
	p := make(Placements, strings.Count(text, "\n")+1)
	for n, line := range strings.Split(text, "\n") {
		quoted, err := strconv.QuotedPrefix(line)
		if err != nil {
			return nil, fmt.Errorf("placements, line %d: %q does not start with a quoted literal", n+1, line)
		}
		offset, bucket, _ := strings.Cut(strings.TrimPrefix(line[len(quoted):], " "), " ")
		var at Placement
		var errOffset, errBucket error
		at.Offset, errOffset = strconv.Atoi(offset)
		at.Bucket, errBucket = strconv.Atoi(bucket)
		if errOffset != nil || errBucket != nil {
			return nil, fmt.Errorf("placements, line %d: %q: no offset and bucket behind the literal", n+1, line)
		}
		l, err := strconv.Unquote(quoted)
		if err != nil {
			return nil, fmt.Errorf("placements, line %d: %w", n+1, err)
		}
		p[l] = at
	}
	return p, nil
}

// of returns the placement of literal number i.
func (p Placements) of(i int, l string) (Placement, error) {
	if p == nil {
		return Placement{0, i % groups}, nil
	}
	at, ok := p[l]
	if !ok {
		return at, fmt.Errorf("literal %q has no placement: run TestAnneal", l)
	}
	if at.Offset < 0 || at.Offset > max(0, min(farthest, len(l)-window)) || at.Bucket < 0 || at.Bucket >= groups {
		return at, fmt.Errorf("literal %q: its placement is offset %d in bucket %d, which it does not have", l, at.Offset, at.Bucket)
	}
	return at, nil
}
