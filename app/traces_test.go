package app

import (
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/github/githubtest"
)

// One trace goes from a push to all that follows from it, over the queue: what was stored, read, asked of GitHub and written there.
// No attribute says what was pushed, or whose it is by name, and GitHub is told of no trace.
func TestTraceOfAPushWithALeak(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubtest.Options{})
	w.settle()
	w.swept()
	w.stop()
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	w.tracing = observe.NewTracing(provider, provider.Shutdown)
	w.start()
	w.settle()
	w.github.ForgetRequests()
	w.pushed(map[string]string{"deploy/.env": env(w.key(48, "live"))})
	w.issues(1)
	w.settle()
	w.stop() // and with it all spans
	spans := exporter.GetSpans()
	i := slices.IndexFunc(spans, func(s tracetest.SpanStub) bool {
		return s.Name == "webhook" && attributes(s)["rekey.event"] == "push"
	})
	if i < 0 {
		t.Fatal("the push is not traced")
	}
	got := tree(spans, spans[i])
	for _, want := range []string{
		"webhook",
		"webhook / store",
		"webhook / job delivery",
		"webhook / job delivery / scan",
		"webhook / job delivery / scan / POST /{owner}/{repo}.git/git-upload-pack",
		"webhook / job delivery / record",
		"webhook / job delivery / effect check",
		"webhook / job delivery / effect check / POST /repos/{owner}/{repo}/check-runs",
		"webhook / job delivery / job issue",
		"webhook / job delivery / job issue / effect issue",
		"webhook / job delivery / job issue / effect issue / POST /repos/{owner}/{repo}/issues",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the trace lacks %q:\n%s", want, strings.Join(got, "\n"))
		}
	}
	allowed := []string{
		"error.type", "http.request.method", "http.response.status_code", "rekey.attempt", "rekey.blobs", "rekey.bytes", "rekey.commits",
		"rekey.delivery", "rekey.event", "rekey.installation", "rekey.job", "rekey.outcome", "rekey.repository", "rekey.request", "rekey.result",
		"rekey.sightings",
	}
	for _, s := range spans {
		if len(s.Events)+len(s.Links) > 0 || s.Status.Description != "" {
			t.Errorf("%s says more than attributes: %+v", s.Name, s)
		}
		text := s.Name
		for name, value := range attributes(s) {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s has the attribute %s", s.Name, name)
			}
			text += " " + name + "=" + value
		}
		for _, secret := range []string{w.keys[0][len("sk_live_"):], w.keys[0][len(w.keys[0])-4:] + " ", ".env"} {
			if strings.Contains(text, secret) {
				t.Errorf("a span says %q: %s", secret, text)
			}
		}
		if name := regexp.MustCompile(`\b(acme|shop|ada|main)\b`).FindString(text); name != "" { // within an id they are by chance
			t.Errorf("a span says %q: %s", name, text)
		}
	}
	for _, r := range w.github.Requests() {
		for _, header := range []string{"Traceparent", "Tracestate", "Baggage"} {
			if r.Header.Get(header) != "" {
				t.Errorf("%s %s told GitHub of a trace by %s", r.Method, r.Path, header)
			}
		}
	}
	if len(w.github.Requests()) == 0 {
		t.Error("nothing was asked of GitHub")
	}
	w.logged(slog.LevelWarn, "severity", "critical", "trace", spans[i].SpanContext.TraceID().String())
}

func attributes(s tracetest.SpanStub) map[string]string {
	list := map[string]string{}
	for _, a := range s.Attributes {
		list[string(a.Key)] = a.Value.String()
	}
	return list
}

// tree lists the spans under a span by their names and those of the spans that they are under.
func tree(spans []tracetest.SpanStub, root tracetest.SpanStub) (paths []string) {
	byID := map[trace.SpanID]tracetest.SpanStub{}
	for _, s := range spans {
		byID[s.SpanContext.SpanID()] = s
	}
	for _, s := range spans {
		if s.SpanContext.TraceID() != root.SpanContext.TraceID() {
			continue
		}
		path := s.Name
		for s.Parent.IsValid() {
			s = byID[s.Parent.SpanID()]
			path = s.Name + " / " + path
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}
