package observe_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/rekey-app/rekey/app/observe"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(observe.Logs(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}})))
	of := observe.With(t.Context(), slog.Int("job", 1), slog.String("repository", "acme/shop"))
	nested := observe.With(of, slog.Int("job", 2), slog.String("ref", "main"))
	for _, c := range []struct {
		name string
		log  func(context.Context)
		ctx  context.Context
		want string
	}{
		{"nothing", func(ctx context.Context) { log.InfoContext(ctx, "m", "a", 1) }, t.Context(), "msg=m a=1\n"},
		{"of a job", func(ctx context.Context) { log.InfoContext(ctx, "m", "a", 1) }, of, "msg=m a=1 job=1 repository=acme/shop\n"},
		{"the outer context stays", func(ctx context.Context) { log.InfoContext(ctx, "m") }, of, "msg=m job=1 repository=acme/shop\n"},
		{"replaced and added", func(ctx context.Context) { log.InfoContext(ctx, "m") }, nested, "msg=m repository=acme/shop job=2 ref=main\n"},
		{"the line's own goes first", func(ctx context.Context) { log.InfoContext(ctx, "m", "job", 3) }, of, "msg=m job=3 repository=acme/shop\n"},
		{"and the logger's", func(ctx context.Context) { log.With("job", 4).InfoContext(ctx, "m") }, of, "msg=m job=4 repository=acme/shop\n"},
		{"in a group", func(ctx context.Context) { log.WithGroup("g").InfoContext(ctx, "m", "a", 1) }, of, "msg=m g.a=1 g.job=1 g.repository=acme/shop\n"},
	} {
		out.Reset()
		if c.log(c.ctx); out.String() != c.want {
			t.Errorf("%s: %q, want %q", c.name, out.String(), c.want)
		}
	}
}
