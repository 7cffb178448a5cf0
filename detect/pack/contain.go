package pack

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

// PanicError is a panic that was turned into an error: a fault of rekey's own, which ends one scan and not the process.
type PanicError struct {
	Reason string // nothing of what was read
	Stack  string
}

func (e *PanicError) Error() string {
	return "rekey has a fault of its own, which ended this scan (" + e.Reason + "): please report it"
}

// Contain makes a panic the error that a function returns. Defer it itself: recover looks no further.
func Contain(err *error) {
	if v := recover(); v != nil {
		*err = caught(v)
	}
}

// caught is the error for what was recovered. The text of a panic may hold what was read, unless it is the runtime's.
func caught(v any) error {
	if again, ok := v.(error); ok {
		if p, ok := errors.AsType[*PanicError](again); ok {
			return p
		}
	}
	reason := fmt.Sprintf("%T", v)
	if fault, ok := v.(runtime.Error); ok {
		if _, ok := fault.(interface{ Addr() uintptr }); ok {
			return fmt.Errorf("%w: a file became shorter while it was read", ErrCorrupt)
		}
		reason = fault.Error()
	}
	return &PanicError{Reason: reason, Stack: string(debug.Stack())}
}

// concurrently runs do for each of n workers and returns the first error; a panic is one.
func concurrently(n int, do func(worker int) error) error {
	errs := make(chan error, n)
	for worker := range n {
		go func() {
			var err error
			defer func() { errs <- err }()
			defer Contain(&err)
			err = do(worker)
		}()
	}
	var first error
	for range n {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}
