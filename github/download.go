package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	gogithub "github.com/google/go-github/v62/github"
)

const downloadRoute = "download"

// ErrAboveLimit is what a download ends with that is larger than its caller wants.
var ErrAboveLimit = errors.New("it is larger than the limit")

// RunLogs reads the logs of a run of GitHub Actions: a zip archive with a file for each step, of which no more than limit bytes are
// read: then the reader ends with [ErrAboveLimit]. It needs [ActionsAccess]. [ErrGone] and [ErrNotFound]: the logs were deleted or have
// expired. The caller closes the reader; its errors are those of the network.
func (c *Client) RunLogs(ctx context.Context, run, limit int64) (io.ReadCloser, error) {
	return c.download(ctx, "read logs", c.path("/actions/runs/%d/logs", run), "", limit)
}

// ReleaseAsset reads a file of a release, likewise. It needs [TextsAccess].
func (c *Client) ReleaseAsset(ctx context.Context, id, limit int64) (io.ReadCloser, error) {
	return c.download(ctx, "read release asset", c.path("/releases/assets/%d", id), "application/octet-stream", limit)
}

// download asks GitHub for something large, which is in the answer or, mostly, at an address on another host that works for a minute.
// An address that has ended by the time it is used is asked for once again.
func (c *Client) download(ctx context.Context, op, path, accept string, limit int64) (io.ReadCloser, error) {
	if c.wrong != nil {
		return nil, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	var body io.ReadCloser
	var err error
	for range 2 {
		err = c.calls.request(ctx, op, read, func() (err error) {
			body, err = c.open(ctx, path, accept, limit)
			return err
		})
		if _, refused := errors.AsType[*storageError](err); !refused {
			break
		}
	}
	return body, err
}

// storageError is an answer of the storage behind GitHub, which says nothing of GitHub or of the App.
type storageError struct{ status int }

func (e *storageError) Error() string {
	return fmt.Sprintf("the storage that GitHub named answered %d %s", e.status, http.StatusText(e.status))
}

// open starts a download. Nothing may come for as long as a request may take, neither the answer's head nor the next bytes.
func (c *Client) open(ctx context.Context, path, accept string, limit int64) (_ io.ReadCloser, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	idle := time.AfterFunc(c.calls.limit, func() { cancel(fmt.Errorf("%w within %s", errNoAnswer, c.calls.limit)) })
	defer func() {
		idle.Stop()
		if err != nil {
			err = explained(ctx, err)
			cancel(nil)
		}
	}()
	resp, err := c.head(withoutFollowing(ctx), path, accept)
	if err != nil {
		return nil, err
	}
	if to, moved := redirectOf(resp); moved {
		discard(resp)
		if resp, err = c.fromStorage(ctx, to); err != nil {
			return nil, err
		}
	}
	if resp.ContentLength > limit {
		_ = resp.Body.Close() // nothing of it is read
		return nil, ErrAboveLimit
	}
	return &downloaded{ctx: ctx, body: resp.Body, left: limit, idle: idle, wait: c.calls.limit, cancel: cancel}, nil
}

// head asks GitHub, and returns its answer unread, or one that says where to go.
func (c *Client) head(ctx context.Context, path, accept string) (*http.Response, error) {
	rest := c.calls.rest()
	request, err := rest.NewRequest(http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	resp, err := rest.BareDo(ctx, request)
	if refused, ok := errors.AsType[*gogithub.ErrorResponse](err); ok && refused.Response.StatusCode == http.StatusFound {
		return refused.Response, nil
	}
	if err != nil {
		return nil, err
	}
	return resp.Response, nil
}

// fromStorage reads an address that GitHub gave, without our token, which is nobody's business there.
func (c *Client) fromStorage(ctx context.Context, at *url.URL) (*http.Response, error) {
	if at == nil || at.Scheme != "https" && !isLoopback(at.Hostname()) {
		return nil, errors.New("GitHub names no address of its storage that is safe to use")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := c.app.storage.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		discard(resp)
		return nil, &storageError{resp.StatusCode}
	}
	return resp, nil
}

// explained is the reason for which a context ended, where that is why a request failed.
func explained(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, errNoAnswer) {
		return cause
	}
	return err
}

// downloaded is the body of a download: it ends when nothing comes for too long, or when it is too large.
type downloaded struct {
	ctx    context.Context //nolint:containedctx // of this one download, for the reason it ended
	body   io.ReadCloser
	left   int64
	idle   *time.Timer
	wait   time.Duration
	cancel context.CancelCauseFunc
}

func (d *downloaded) Read(p []byte) (int, error) {
	if int64(len(p)) > d.left+1 {
		p = p[:d.left+1] // one byte more, which tells whether there is more
	}
	d.idle.Reset(d.wait)
	n, err := d.body.Read(p)
	d.idle.Stop() // the time that the caller takes is its own
	if d.left -= int64(n); d.left < 0 {
		return n - 1, ErrAboveLimit
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = explained(d.ctx, err)
	}
	return n, err
}

// Close gives the connection up.
func (d *downloaded) Close() error {
	d.idle.Stop()
	err := d.body.Close()
	d.cancel(nil)
	return err
}

type followingKey struct{}

// withoutFollowing has the transport give a 302 back: what it leads to is not of the API.
func withoutFollowing(ctx context.Context) context.Context {
	return context.WithValue(ctx, followingKey{}, true)
}

// isDownload reports whether the request is one whose answer is large, or somewhere else.
func isDownload(ctx context.Context) bool { return ctx.Value(followingKey{}) != nil }
