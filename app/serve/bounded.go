package serve

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// repeatWindow is for how long warnings and errors with the same message are counted together, and repeatBurst how many of
	// them are logged in it.
	repeatWindow = time.Minute
	repeatBurst  = 20
	// maxRepeats is how many messages are counted at once. Messages are ours, not foreigners': there are fewer.
	maxRepeats = 1000
)

// bounded is a handler that bounds how often one warning or error is logged: an outage that a thousand jobs meet fills no
// disk. What is left out is counted, and the count logged when the window ends.
type bounded struct {
	slog.Handler
	repeats *repeats
}

// newBounded bounds what goes to a handler, but for the messages in always.
func newBounded(to slog.Handler, always ...string) *bounded {
	return &bounded{to, &repeats{to: to, always: always, seen: map[repeat]*count{}}}
}

// Handle implements [slog.Handler].
func (b *bounded) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && !b.repeats.take(r) {
		return nil
	}
	return b.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (b *bounded) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &bounded{b.Handler.WithAttrs(attrs), b.repeats}
}

// WithGroup implements [slog.Handler].
func (b *bounded) WithGroup(name string) slog.Handler {
	return &bounded{b.Handler.WithGroup(name), b.repeats}
}

// repeat is what makes two records the same.
type repeat struct {
	level   slog.Level
	message string
}

type count struct{ logged, leftOut int }

// repeats counts records. It is safe for concurrent use.
type repeats struct {
	to     slog.Handler // gets the counts
	always []string

	mu   sync.Mutex
	seen map[repeat]*count // in windows that have not ended
}

// take reports whether a record is to be logged.
func (s *repeats) take(r slog.Record) bool {
	if slices.Contains(s.always, r.Message) {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := repeat{r.Level, r.Message}
	n := s.seen[key]
	if n == nil {
		if len(s.seen) >= maxRepeats {
			return true
		}
		n = &count{}
		s.seen[key] = n
		time.AfterFunc(repeatWindow, func() { s.end(key) })
	}
	if n.logged < repeatBurst {
		n.logged++
		return true
	}
	n.leftOut++
	return false
}

// end ends a window, and logs how many records it left out.
func (s *repeats) end(key repeat) {
	s.mu.Lock()
	n := s.seen[key]
	delete(s.seen, key)
	s.mu.Unlock()
	if n.leftOut == 0 {
		return
	}
	r := slog.NewRecord(time.Now(), key.level, key.message, 0)
	r.AddAttrs(slog.Int("left_out", n.leftOut), slog.Duration("within", repeatWindow))
	_ = s.to.Handle(context.Background(), r) // nobody is there to tell
}
