package serve

import (
	"context"
	"io"
	"log/slog"
	"os"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/read"
)

// NewLogger writes text to a terminal and JSON elsewhere. Credentials cannot appear: they are detect.Secret values. A warning
// or error that comes again and again is logged 20 times a minute, and counted beyond that; a leak is always logged.
func NewLogger(w io.Writer, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(newBounded(slog.NewTextHandler(w, options), read.LeakFound))
	}
	return slog.New(newBounded(slog.NewJSONHandler(w, options), read.LeakFound))
}

// atLeast is a handler that drops what is under a level: libraries tell at info what operators do not want to know.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
