package observe

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/rekey-app/rekey/app/config"
)

// OpenTracing sends traces where the standard OTEL_* variables say, by OTLP over HTTP; it returns nil, which traces nothing, where they
// name no endpoint and no exporter. What OpenTelemetry's own code reads of them is read from the environment; getenv is for what is
// decided here. Errors are [*config.Error].
func OpenTracing(ctx context.Context, getenv func(string) string, version string, log *slog.Logger) (*Tracing, error) {
	on, err := wanted(getenv)
	if !on || err != nil {
		return nil, err
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, &config.Error{Setting: "OTEL_EXPORTER_OTLP_ENDPOINT", Problem: "cannot be used", Fix: err.Error()}
	}
	// No detectors of host and process: command lines may hold secrets.
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "rekey"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil {
		return nil, &config.Error{Setting: "OTEL_RESOURCE_ATTRIBUTES", Problem: "cannot be used", Fix: err.Error()}
	}
	// The library knows no other way: its exporters report to one handler of the process.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces could not be sent", "error", err) }))
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return NewTracing(provider, provider.Shutdown), nil
}

// wanted reports whether the variables ask for traces.
func wanted(getenv func(string) string) (bool, error) {
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	endpoint := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); {
	case exporter == "none", exporter == "" && endpoint == "":
		return false, nil
	case exporter != "" && exporter != "otlp":
		return false, &config.Error{Setting: "OTEL_TRACES_EXPORTER", Problem: fmt.Sprintf("is %q", exporter), Fix: "use otlp or none"}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := getenv(name); protocol == "http/protobuf" {
			break // that of traces goes first
		} else if protocol != "" {
			return false, &config.Error{
				Setting: name, Problem: fmt.Sprintf("is %q", protocol), Fix: "use http/protobuf, and the collector's port for it (4318)",
			}
		}
	}
	return true, nil
}
