package push

import (
	"io"
	"strings"
)

// Prefixed writes each line behind a prefix. What is written to it must be whole lines.
type Prefixed struct {
	io.Writer
	Prefix string
}

// Write reports the whole of p as written, or an error.
func (w *Prefixed) Write(p []byte) (int, error) {
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		b.WriteString(w.Prefix + line)
	}
	if _, err := io.WriteString(w.Writer, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
