// Package literal finds many short ASCII literals in one pass over a text, at about the speed of reading it.
//
// Start with [Compile] for a [Set], then [Set.Next] for one occurrence or [Set.AppendHits] for all in a range.
//
// A set looks for four bytes of each literal, the rarest it has, and compares the whole literal only where those stand.
// The literals share eight buckets, so that one byte holds the answer for one place of the text: bit b is set where the
// four bytes may be those of a literal in bucket b. On amd64 with AVX2 the lookup is vectorised as in Teddy (Geoffrey
// Langdale, Hyperscan), and a place that it gives is checked by a hash before the search stops there; other processors,
// and the build tag purego, use a table of byte pairs. All give the same hits. A literal of three bytes takes any fourth
// one: longer literals are found faster.
//
// How the speed compares with that of bytes.IndexByte, for each way of searching and kind of text, is the ratio that this
// prints: go test -run - -bench Speed -benchtime 5x ./detect/literal. Add a kind and a way for one: -bench Speed/source/avx2.
package literal
