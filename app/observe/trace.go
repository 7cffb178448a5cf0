package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope names what makes the spans.
const scope = "github.com/rekey-app/rekey"

// Attr is an attribute of a span. Attributes are ids, counts and names from fixed sets: never a credential, a path, a name of a
// repository or person, or anything else that was pushed.
type Attr = attribute.KeyValue

// Int is an attribute that is a number.
func Int[N int | int64 | uint64](key string, n N) Attr { return attribute.Int64(key, int64(n)) }

// Text is an attribute that is a text of a fixed set, or an id.
func Text[S ~string](key string, s S) Attr { return attribute.String(key, string(s)) }

// Tracing begins traces. A nil one traces nothing, and costs nothing. It is safe for concurrent use.
type Tracing struct {
	tracer trace.Tracer
	close  func(context.Context) error
}

// NewTracing makes traces by a provider, which stop ends.
func NewTracing(provider trace.TracerProvider, stop func(context.Context) error) *Tracing {
	return &Tracing{tracer: provider.Tracer(scope), close: stop}
}

// Close sends what has not been sent yet.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.close(ctx)
}

// Root begins the trace of a request that came in at a time. What a stranger's headers say of traces does not count.
func (t *Tracing) Root(ctx context.Context, name string, at time.Time, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKindServer), //nolint:spancheck // whoever began it ends it
		trace.WithAttributes(slices.Clone(attrs)...))
	return ctx, Span{span} //nolint:spancheck // likewise
}

// Continue goes on with the trace of a traceparent, in this process or another; where there is none it begins one.
func (t *Tracing) Continue(ctx context.Context, traceparent, name string, attrs ...Attr) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": traceparent})
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(slices.Clone(attrs)...)) //nolint:spancheck // whoever began it ends it
	return ctx, Span{span}                                                                                                           //nolint:spancheck // likewise
}

// Span is a part of a trace. The zero value is none.
type Span struct{ span trace.Span }

// Start begins a span under that of the context; none where the context is not traced, which costs some nanoseconds.
func Start(ctx context.Context, name string, attrs ...Attr) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	// The clone lets attrs stay on the caller's stack where nothing is traced.
	ctx, span := parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithAttributes(slices.Clone(attrs)...)) //nolint:spancheck // whoever began it ends it
	return ctx, Span{span}                                                                                            //nolint:spancheck // likewise
}

// Done adds a span that is over, of what was asked of another service.
func Done(ctx context.Context, name string, took time.Duration, failed bool, attrs ...Attr) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return
	}
	end := time.Now()
	_, span := parent.TracerProvider().Tracer(scope).Start(ctx, name, trace.WithTimestamp(end.Add(-took)),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(slices.Clone(attrs)...))
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(end))
}

// Set adds attributes.
func (s Span) Set(attrs ...Attr) {
	if s.span != nil {
		s.span.SetAttributes(slices.Clone(attrs)...)
	}
}

// End ends the span. Of an error its type is kept, and not its text: that may hold anything.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, "")
		s.span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", err)))
	}
	s.span.End()
}

// ID is the id of the span's trace, for the log; "": it is not kept.
func (s Span) ID() string {
	if s.span == nil || !s.span.SpanContext().IsSampled() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Traceparent is how another process goes on with the trace, by W3C Trace Context; "": it is not traced.
func (s Span) Traceparent() string {
	if s.span == nil {
		return ""
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(trace.ContextWithSpan(context.Background(), s.span), carrier)
	return carrier["traceparent"]
}
