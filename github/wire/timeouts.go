package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Timeouts bounds how long a server may keep a client waiting. What the client itself takes to read does not count. Zero
// fields are without bound.
type Timeouts struct {
	// Idle is how long no byte may come: of the answer's head, or of its body. Git sends a keepalive every five seconds.
	Idle time.Duration
	// Preparation is how long the server may take from the answer's first byte to the pack's: it counts objects meanwhile.
	Preparation time.Duration
	// Rate is how many bytes a second must come at least, averaged over each Window of waiting, once the pack flows.
	Rate   int64
	Window time.Duration
}

// SlowError is an answer that was not waited for any longer. The same request may do better later.
type SlowError struct {
	What string // what was too slow, for people
}

func (e *SlowError) Error() string { return "the server was too slow: " + e.What }

// timedBody is one request's answer. It measures how long the answer keeps us waiting, and ends the request when that is
// too long. It is used by one goroutine at a time.
type timedBody struct {
	io.ReadCloser // nil until the answer's head has come
	Timeouts
	ctx     context.Context // under which the request is made; its cause says why it was ended
	cancel  context.CancelCauseFunc
	idle    *time.Timer
	flowing bool          // the pack has begun
	waited  time.Duration // since the answer began, or for the window
	got     int64         // bytes meanwhile
}

// begin begins to wait for an answer.
func (p Timeouts) begin(ctx context.Context) *timedBody {
	ctx, cancel := context.WithCancelCause(ctx)
	b := &timedBody{Timeouts: p, ctx: ctx, cancel: cancel}
	if p.Idle > 0 {
		b.idle = time.AfterFunc(p.Idle, func() { cancel(&SlowError{fmt.Sprintf("nothing came for %s", p.Idle)}) })
	}
	return b
}

// end frees what begin took.
func (b *timedBody) end() {
	if b.idle != nil {
		b.idle.Stop()
	}
	b.cancel(nil)
}

// explain returns why the request was ended, where it was ended for being slow; else err.
func (b *timedBody) explain(err error) error {
	if slow, ok := errors.AsType[*SlowError](context.Cause(b.ctx)); ok {
		return slow
	}
	return err
}

func (b *timedBody) Read(p []byte) (int, error) {
	if b.idle != nil {
		b.idle.Reset(b.Idle)
	}
	began := time.Now()
	n, err := b.ReadCloser.Read(p)
	if b.idle != nil {
		b.idle.Stop()
	}
	if slow := b.account(time.Since(began), n); slow != nil && err == nil {
		b.cancel(slow)
		return n, slow
	}
	return n, err
}

// account adds a wait of that long for n bytes to what was waited before, and returns an error where that is too long.
func (b *timedBody) account(waited time.Duration, n int) error {
	b.waited += waited
	b.got += int64(n)
	switch {
	case !b.flowing:
		if b.Preparation > 0 && b.waited > b.Preparation {
			return &SlowError{fmt.Sprintf("the pack did not begin within %s", b.Preparation)}
		}
	case b.Window > 0 && b.waited >= b.Window:
		rate := int64(float64(b.got) / b.waited.Seconds())
		b.waited, b.got = 0, 0
		if rate < b.Rate {
			return &SlowError{fmt.Sprintf("%d bytes a second, where at least %d are expected", rate, b.Rate)}
		}
	}
	return nil
}

// flows is told that what was asked for has begun to come: from now on its rate counts.
func (b *timedBody) flows() {
	if !b.flowing {
		b.flowing, b.waited, b.got = true, 0, 0
	}
}

// Close ends the request.
func (b *timedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}
