package read

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

// WithPack fetches a pack for do, which has it until it returns.
func (r *Reader) WithPack(ctx context.Context, client *github.Client, request wire.Request, do func(*pack.Pack) error) error {
	body, err := client.FetchPack(ctx, request)
	if err != nil {
		return err
	}
	defer body.Close()
	p, err := pack.Open(ctx, body, r.PackOptions())
	if err != nil {
		return err
	}
	defer p.Close()
	return do(p)
}

// Unreadable reports whether an object cannot be read, now or later: its commits are gone, or it is too large.
func Unreadable(err error) bool {
	server, ok := errors.AsType[*wire.ServerError](err)
	return ok && server.NotOurRef() || errors.Is(err, pack.ErrNotFound) || errors.Is(err, pack.ErrLimit)
}
