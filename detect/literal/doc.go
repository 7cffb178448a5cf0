// Package literal finds many short ASCII literals in one pass over a text, at about the speed of reading it.
//
// Start with [Compile] for a [Set], then [Set.Cursor] and [Cursor.Next] for one occurrence after the other.
//
// The search is Teddy (Geoffrey Langdale, Hyperscan):
//
//  1. Of each literal it looks for four bytes, its window. Which four, its [Placement] says.
//  2. The literals share eight buckets, so that one byte holds the answer for one place of the text: bit b is set where the
//     four bytes there may be a window of bucket b.
//  3. With AVX2 the answers for 32 places at once are looked up by the low half of each of the four bytes, and the high half
//     of all but the first. Without, and with the build tag purego, a table of byte pairs takes their place.
//  4. Where a bucket may have a window, a Bloom filter of all windows is asked, without a branch for each place: to stop at
//     one costs as much as to look at some hundred bytes, since the processor does not foresee it.
//  5. Only then are the literals of the bucket compared. All backends give the same hits.
//
// Literals in one bucket are taken for one another: placements that keep together what makes that seldom in real texts make
// the search several times as fast. A literal of three bytes takes any fourth one: longer literals are found faster.
//
// How the speed compares with that of bytes.IndexByte, for each backend and kind of text, is the ratio that this prints:
// go test -run - -bench Speed -benchtime 5x ./detect/literal. Add a kind and a backend for one: -bench Speed/source/avx2.
package literal
