package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/rekey-app/rekey/app/intake"
)

// Front listens on an address, and answers with whatever handler it was given last: so that set-up can turn into the server without
// another process or port. Until it has one, it answers 503.
type Front struct {
	http   *http.Server
	addr   net.Addr
	routes atomic.Pointer[http.Handler]
	failed chan error
}

// Listen starts a front. setting names the address in errors. The caller closes it, or gives it to [New], whose server then does.
func Listen(ctx context.Context, setting, address string, log *slog.Logger) (*Front, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	f := &Front{addr: listener.Addr(), failed: make(chan error, 1)}
	f.http = intake.Server(http.HandlerFunc(f.serve), log)
	go func() {
		if err := f.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			f.failed <- err
		}
	}()
	return f, nil
}

func (f *Front) serve(w http.ResponseWriter, r *http.Request) {
	if routes := f.routes.Load(); routes != nil {
		(*routes).ServeHTTP(w, r)
		return
	}
	http.Error(w, "rekey is starting", http.StatusServiceUnavailable)
}

// Handle has requests answered by routes from now on. Those under way end as they began.
func (f *Front) Handle(routes http.Handler) { f.routes.Store(&routes) }

// Addr is the address that is listened on.
func (f *Front) Addr() net.Addr { return f.addr }

// Failed tells of the error that ended the listening, if one did.
func (f *Front) Failed() <-chan error { return f.failed }

// Shutdown takes no more requests, and returns when those under way have ended, or ctx.
func (f *Front) Shutdown(ctx context.Context) error { return f.http.Shutdown(ctx) }
