package detect

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Mask replaces credentials in a text that people go on reading: each that with has something for is replaced by it wherever its value is
// written, and every other byte stays as it is. with returns "" for a credential that is to stay.
//
// It returns how many places were replaced. exact is false, and the text as it was, where one of the credentials is written otherwise than as
// it is (joined, escaped, encoded, packed), so that it can't be replaced alone, or where the result may still hold one.
func (s *Scanner) Mask(ctx context.Context, text string, with func(Finding) string) (masked string, places int, exact bool) {
	type pair struct{ value, with string }
	var pairs []pair
	for _, f := range s.Scan(ctx, "", []byte(text)) {
		p := pair{f.Secret.Reveal(), with(f)}
		switch {
		case p.with == "":
			continue
		case !f.isAt(text):
			return text, 0, false
		}
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b pair) int { // none is replaced within another one
		return cmp.Or(len(b.value)-len(a.value), strings.Compare(a.value, b.value))
	})
	masked = text
	for _, p := range slices.Compact(pairs) {
		places += strings.Count(masked, p.value)
		masked = strings.ReplaceAll(masked, p.value, p.with)
	}
	left := s.Examine(ctx, "", []byte(masked))
	limited := slices.ContainsFunc(left.Skipped, func(s Skipped) bool { return s.Limit })
	if limited || ctx.Err() != nil || slices.ContainsFunc(left.Findings, func(f Finding) bool { return with(f) != "" }) {
		return text, 0, false
	}
	return masked, places, true
}

// isAt reports whether the credential is written as it is at its place in the text.
func (f Finding) isAt(text string) bool {
	start, end := f.Place.Offset, f.Place.End
	return f.Encoding == Plain && f.Member == "" && start >= 0 && start <= end && end <= int64(len(text)) && text[start:end] == f.Secret.Reveal()
}
