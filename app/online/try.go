package online

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/github"
)

// pauses are kept before something that failed is tried again.
func pauses() []time.Duration { return []time.Duration{time.Second, 5 * time.Second, 20 * time.Second} }

// try does something until it is done or will not get better. It waits for the end of GitHub's limits.
func (r *run) try(ctx context.Context, do func() error) error {
	for failed := 0; ; {
		err := do()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if until, hourly, limited := github.LimitOf(err, r.Now()); limited {
			if err := r.limited(ctx, until, hourly); err != nil {
				return err
			}
			continue
		}
		if !passes(err, r.Now()) || failed == len(pauses()) {
			return err
		}
		if err := r.Pause(ctx, pauses()[failed]); err != nil {
			return err
		}
		failed++
	}
}

// passes reports whether an error may be over in a moment.
func passes(err error, now time.Time) bool {
	return github.Classify(err, now).Outage && !errors.Is(err, github.ErrUnauthorized)
}

// limited waits, or ends the scan.
func (r *run) limited(ctx context.Context, until time.Time, hourly bool) error {
	why := "GitHub asks for a pause (its secondary limit)"
	switch {
	case hourly && r.Token:
		why = "GitHub's hourly limit of requests is used up"
	case hourly:
		why = "GitHub allows 60 requests an hour without a token, and they are used up"
	}
	if err := r.save(true); err != nil {
		return err
	}
	if r.Wait == nil {
		return &LimitError{until, why}
	}
	return r.Wait(ctx, until, why)
}

// fatal reports whether an error ends the scan, rather than the reading of one part. Without a token, GitHub asks for one where it
// would show something to those who have one.
func (r *run) fatal(ctx context.Context, err error) bool {
	var limit *LimitError
	return ctx.Err() != nil || errors.As(err, &limit) || r.Token && errors.Is(err, github.ErrUnauthorized) || errors.Is(err, errState) ||
		unreachable(err)
}

// errState is a state that can't be written.
var errState = errors.New("the state of the scan can't be written")

// unreachable reports whether GitHub did not answer.
func unreachable(err error) bool {
	return github.Classify(err, time.Time{}).Outage && !github.Answered(err)
}

// ended is the error that ends a scan, in words that say what to do.
func (r *run) ended(err error) error {
	switch {
	case errors.Is(err, github.ErrUnauthorized) && r.Token:
		return fmt.Errorf("GitHub doesn't accept the token: it has expired, was revoked, or is for another GitHub. Make a new one at %s/settings/tokens", r.Web)
	case unreachable(err):
		return fmt.Errorf("%s: run the same command again, and it goes on from here", github.Reason(err))
	}
	return err
}

// unlisted is why there is no list of repositories.
func (r *run) unlisted(err error) error {
	what, public := "user or organisation "+r.Owner, "user or organisation "+r.Owner
	if r.Name != "" {
		what = "repository " + r.Owner + "/" + r.Name
		public = "public " + what + "; a private one takes a token"
	}
	page := r.GitHub.SignOnPage(err)
	switch {
	case page != "":
		return fmt.Errorf("%s wants single sign-on: open %s in a browser, let the token in, and run the same command again", r.Owner, page)
	case errors.Is(err, github.ErrNotFound) && r.Token:
		return fmt.Errorf("GitHub has no %s, or the token can't see it", what)
	case errors.Is(err, github.ErrNotFound):
		return fmt.Errorf("GitHub has no %s", public)
	case errors.Is(err, github.ErrForbidden):
		return fmt.Errorf("%s: %s: the token needs Metadata: read, and the approval of the organisation's owners where they want that", r.Owner, github.Reason(err))
	}
	return r.ended(err)
}

// refused is why a part can't be read, with what to do about it.
func (r *run) refused(err error, permission string) string {
	reason := github.Reason(err)
	page := r.GitHub.SignOnPage(err)
	switch {
	case page != "":
		return "the organisation wants single sign-on: open " + page + " in a browser, and let the token in"
	case errors.Is(err, github.ErrNoToken), !r.Token && errors.Is(err, github.ErrUnauthorized):
		return "GitHub shows it only with a token"
	case errors.Is(err, github.ErrForbidden), errors.Is(err, github.ErrNotFound):
		return reason + ": a fine-grained token needs " + permission + ", a classic one the scope repo"
	}
	return reason
}
