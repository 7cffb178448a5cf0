package audit

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// exposed returns the leaks that the default branch's findings mean and that aren't known yet: of checks that say that a secret key was given
// away. Those that are known follow what was found.
func (a *auditing) exposed(ctx context.Context, tx Tx, state ledger.Audit) (fresh []respond.Leak, err error) {
	for _, check := range audit.Checks() {
		if !check.Exposes {
			continue
		}
		before, now := exposureOf(check.ID, a.last), exposureOf(check.ID, state)
		leak := respond.Exposed(check.ID, check.Severity, cmp.Or(now.seen, check.Title))
		known, err := tx.LeakByFingerprint(ctx, a.repository.ID, leak.Fingerprint)
		switch {
		case errors.Is(err, ledger.ErrNotFound) && len(now.places) > 0:
			fresh = append(fresh, leak)
		case errors.Is(err, ledger.ErrNotFound):
		case err != nil:
			return nil, err
		default:
			if err := a.follow(ctx, tx, known, len(now.places) > 0, !slices.Equal(before.places, now.places) || before.whole != now.whole); err != nil {
				return nil, err
			}
		}
	}
	return fresh, nil
}

// follow brings a leak that is known up to date with what was found.
func (a *auditing) follow(ctx context.Context, tx Tx, leak respond.Leak, affected, changed bool) error {
	if affected {
		err := a.Recorder.Decide(ctx, tx, leak.ID, a.policy, func(f respond.LeakFacts) respond.Decision { return respond.ExposedStill(f, tx.Now()) })
		if err != nil {
			return err
		}
	}
	if !changed || leak.IssueNumber == 0 {
		return nil
	}
	return tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil)
}

// exposure is what an audit says of a check.
type exposure struct {
	places []place
	seen   string // at the first
	whole  bool   // everything was read
}

type place struct {
	path string
	line int
}

func exposureOf(check string, state ledger.Audit) exposure {
	e := exposure{whole: len(state.Gaps) == 0}
	for _, f := range state.Findings {
		if f.Check == check {
			e.places = append(e.places, place{f.Path, f.Line})
			e.seen = cmp.Or(e.seen, f.Seen)
		}
	}
	return e
}
