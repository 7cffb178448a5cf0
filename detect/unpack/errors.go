package unpack

import (
	"fmt"
	"strings"
)

// Error names the member and the trouble.
func (e *Error) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("unpack %s: %v", strings.Join(e.Layers, "+"), e.Err)
	}
	return fmt.Sprintf("unpack %s %q: %v", strings.Join(e.Layers, "+"), e.Name, e.Err)
}

// Unwrap returns the trouble.
func (e *Error) Unwrap() error { return e.Err }
