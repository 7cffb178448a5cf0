// Package literal finds many short ASCII literals in one pass over a text, at about the speed of reading it.
//
// Start with [Compile] for a [Set], then [Set.Cursor] and [Cursor.Next] for one occurrence after the other.
//
// A set looks for four bytes of each literal, and compares the whole literal only where those stand. The literals share
// eight buckets, so that one byte holds the answer for one place of the text: bit b is set where the four bytes may be those
// of a literal in bucket b. Which four bytes, and which bucket, a [Plan] says: literals that share a bucket are taken for one
// another, and a good plan keeps together what makes that seldom in real texts. [Anneal] looks for one, for each [Sight].
//
// On amd64 with AVX2 the lookup is vectorised as in Teddy (Geoffrey Langdale, Hyperscan): by the low half of each of the four
// bytes, and the high half of all but the first. A place that it gives is checked by a hash before anything is compared.
// AVX-512 VBMI looks up whole bytes; other processors, and the build tag purego, use a table of byte pairs. All give the same
// hits. A literal of three bytes takes any fourth one: longer literals are found faster.
//
// To stop at a place costs as much as to look at some hundred bytes, since the processor did not expect it. So AVX2 stops once for
// a chunk of text, and AVX-512 where stops come close upon each other: the places that are worth it are noted without a branch.
//
// How the speed compares with that of bytes.IndexByte, for each way of searching and kind of text, is the ratio that this
// prints: go test -run - -bench Speed -benchtime 5x ./detect/literal. Add a kind and a way for one: -bench Speed/source/avx2.
package literal
