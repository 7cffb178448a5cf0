//go:build !amd64 || purego

package literal

// tables would be what a vectorised search needs; there is none for this processor.
type tables struct{}

func makeTables(*[256]uint32) tables { return tables{} }

func (s *Set) fillVector(_ *[candidates]candidate, _ []byte, at int) (done, count int) { return at, 0 }

func backends() []backend { return []backend{portable} }
