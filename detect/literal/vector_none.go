//go:build !amd64 || purego

package literal

// tables would be what a vectorised search needs; there is none for this processor.
type tables struct{}

func makeTables(*[256]uint32) tables { return tables{} }

func (s *Set) findVector(_ []byte, at int) (base int, word uint64) { return at, 0 }

func ways() []way { return []way{portable} }
