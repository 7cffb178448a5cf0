package observe_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/observe"
)

// work is what a job does for its trace.
func work(ctx context.Context, tracing *observe.Tracing, err error) {
	ctx, job := tracing.Continue(ctx, "", "job", observe.Int("rekey.job", 7), observe.Text("rekey.delivery", "g"))
	_, scan := observe.Start(ctx, "scan", observe.Int("rekey.commits", 3))
	scan.Set(observe.Int("rekey.bytes", 5))
	scan.End(err)
	observe.Done(ctx, "GET /app", time.Millisecond, false, observe.Int("http.response.status_code", 200))
	_ = job.Traceparent()
	_ = job.ID()
	job.End(nil)
}

// BenchmarkOff is all that a job does for a trace, where nothing is traced.
func BenchmarkOff(b *testing.B) {
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		work(ctx, nil, nil)
	}
}

func TestTracesGoOnElsewhere(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	tracing := observe.NewTracing(provider, provider.Shutdown)
	begun := time.Now().Add(-time.Second)
	_, root := tracing.Root(t.Context(), "webhook", begun)
	traceparent := root.Traceparent()
	root.End(nil)
	ctx, job := tracing.Continue(t.Context(), traceparent, "job")
	_, scan := observe.Start(ctx, "scan")
	scan.End(errors.New("sk_live_ foreign text"))
	job.End(nil)
	_, other := tracing.Continue(t.Context(), "nonsense", "other")
	other.End(nil)
	spans := map[string]tracetest.SpanStub{}
	for _, s := range exporter.GetSpans() {
		spans[s.Name] = s
	}
	if s := spans["webhook"]; s.Parent.IsValid() || !s.StartTime.Equal(begun) {
		t.Errorf("the root: %+v", s)
	}
	if spans["job"].Parent.SpanID() != spans["webhook"].SpanContext.SpanID() || spans["scan"].Parent.SpanID() != spans["job"].SpanContext.SpanID() {
		t.Error("the trace doesn't go on")
	}
	if id := spans["webhook"].SpanContext.TraceID().String(); job.ID() != id || spans["scan"].SpanContext.TraceID().String() != id {
		t.Errorf("traces %s and %s, want %s", job.ID(), spans["scan"].SpanContext.TraceID(), id)
	}
	if spans["other"].Parent.IsValid() {
		t.Error("nonsense has a trace")
	}
	scanned := spans["scan"]
	if strings.Contains(scanned.Status.Description, "foreign") || len(scanned.Events) > 0 || len(scanned.Attributes) != 1 ||
		scanned.Attributes[0].Value.AsString() != "*errors.errorString" {
		t.Errorf("of an error more than its type is kept: %+v", scanned)
	}
}

// The standard variables decide whether and where traces are sent.
func TestOpenTracing(t *testing.T) {
	var sent atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/v1/traces" && strings.Contains(string(body), "rekey") {
			sent.Add(1)
		}
	}))
	defer collector.Close()
	for _, c := range []struct {
		name  string
		env   map[string]string
		on    bool
		wrong string
	}{
		{"off by default", nil, false, ""},
		{"an endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}, true, ""},
		{"of traces", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": collector.URL + "/v1/traces"}, true, ""},
		{"no exporter", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_TRACES_EXPORTER": "none"}, false, ""},
		{"disabled", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_SDK_DISABLED": "true"}, false, ""},
		{"another exporter", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, "OTEL_TRACES_EXPORTER"},
		{"another protocol", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{"that of traces goes first", map[string]string{
			"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
		}, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			tracing, err := observe.OpenTracing(t.Context(), func(name string) string { return c.env[name] }, "v1", slog.New(slog.DiscardHandler))
			wrong := ""
			if setting, ok := errors.AsType[*config.Error](err); ok {
				wrong = setting.Setting
			}
			if (tracing != nil) != c.on || wrong != c.wrong {
				t.Fatalf("on: %v, error %v", tracing != nil, err)
			}
			before := sent.Load()
			work(t.Context(), tracing, nil)
			if err := tracing.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if arrived := sent.Load() > before; arrived != c.on {
				t.Errorf("the collector got something: %v", arrived)
			}
		})
	}
}
