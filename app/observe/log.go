// Package observe makes what the server does visible: log lines that say what they are about, and traces from a delivery to its
// effects. Both travel in the context: [With] adds attributes to all lines that are logged with it, [Start] begins a span.
package observe

import (
	"context"
	"log/slog"
	"slices"
)

type attrsKey struct{}

// With returns a context whose log lines carry the attributes, beside those that it has. One that it has by the same name is
// replaced.
func With(ctx context.Context, attrs ...slog.Attr) context.Context {
	have, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	all := make([]slog.Attr, 0, len(have)+len(attrs))
	for _, a := range have {
		if !holds(attrs, a.Key) {
			all = append(all, a)
		}
	}
	return context.WithValue(ctx, attrsKey{}, append(all, attrs...))
}

func holds(attrs []slog.Attr, key string) bool {
	return slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == key })
}

// Logs returns a handler that adds the context's attributes to what goes to another. What a line says itself goes first: of two
// attributes by one name, the line's own is logged. It is the one place where attributes of contexts are read.
func Logs(to slog.Handler) slog.Handler { return &logs{Handler: to} }

type logs struct {
	slog.Handler
	bound []string // names of attributes that the handler has already
}

// Handle implements [slog.Handler].
func (h *logs) Handle(ctx context.Context, r slog.Record) error {
	attrs, _ := ctx.Value(attrsKey{}).([]slog.Attr)
	if len(attrs) == 0 {
		return h.Handler.Handle(ctx, r)
	}
	own := slices.Clone(h.bound)
	r.Attrs(func(a slog.Attr) bool {
		own = append(own, a.Key)
		return true
	})
	r = r.Clone()
	for _, a := range attrs {
		if !slices.Contains(own, a.Key) {
			r.AddAttrs(a)
		}
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h *logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	bound := slices.Clone(h.bound)
	for _, a := range attrs {
		bound = append(bound, a.Key)
	}
	return &logs{h.Handler.WithAttrs(attrs), bound}
}

// WithGroup implements [slog.Handler]. The context's attributes go into the group.
func (h *logs) WithGroup(name string) slog.Handler {
	return &logs{Handler: h.Handler.WithGroup(name)}
}
