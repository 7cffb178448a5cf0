package signin

import (
	"context"
	"time"
)

// renewed returns a session's tokens once they are fresh. A refresh token is good for once, so one process at a time uses it: the
// others wait for what it gets.
func (s *SignIn) renewed(ctx context.Context, mine secret, id string) (tokens, error) {
	return s.renewedAfter(ctx, mine, id, tokens{})
}

// renewedAfter is renewed where GitHub has refused a token that looked fresh.
func (s *SignIn) renewedAfter(ctx context.Context, mine secret, id string, refused tokens) (tokens, error) {
	ctx, cancel := context.WithTimeout(ctx, renewWithin)
	defer cancel()
	for {
		row, err := s.session(ctx, id)
		if err != nil {
			return tokens{}, err
		}
		var t tokens
		if err := unseal(mine, "tokens", id, row.Sealed, &t); err != nil {
			return tokens{}, err
		}
		if !t.aged(s.Now()) && t.Access != refused.Access {
			return t, nil
		}
		var begun bool
		err = s.Store.Update(ctx, func(ctx context.Context, tx Tx) (err error) {
			if begun, err = tx.BeginRenewal(ctx, id, s.Now().Add(renewWithin)); err != nil || !begun {
				return err
			}
			// The tokens may have been renewed between the two looks.
			row, err = tx.Session(ctx, id)
			return err
		})
		if err != nil {
			return tokens{}, err
		}
		if begun {
			return s.renew(ctx, mine, id, row.Sealed, t)
		}
		select {
		case <-ctx.Done():
			return tokens{}, ctx.Err()
		case <-time.After(renewPause):
		}
	}
}

// renew uses the refresh token; the caller is the one who may. read is what it read before that.
func (s *SignIn) renew(ctx context.Context, mine secret, id string, sealed []byte, read tokens) (tokens, error) {
	save := func(sealed []byte) error {
		return s.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx Tx) error { return tx.SaveTokens(ctx, id, sealed) })
	}
	var now tokens
	if err := unseal(mine, "tokens", id, sealed, &now); err != nil {
		return tokens{}, err
	}
	if now != read {
		return now, save(nil)
	}
	fresh, err := s.github.renew(ctx, now.Refresh)
	if err != nil {
		_ = save(nil) // the error that counts is the first
		return tokens{}, err
	}
	if fresh.Refresh == "" {
		fresh.Refresh = now.Refresh
	}
	if sealed, err = seal(mine, "tokens", id, fresh); err != nil {
		return tokens{}, err
	}
	return fresh, save(sealed)
}
