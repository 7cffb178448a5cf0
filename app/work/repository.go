package work

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// record is a repository as the ledger knows it.
type record struct{ ledger.Repository }

// target names the repository for GitHub's client.
func (r record) target() github.Repository {
	return github.Repository{Installation: r.Installation, ID: r.ID, Owner: r.Owner, Name: r.Name}
}

// repository looks a repository up; found is false when its installation is gone.
func (w *Worker) repository(ctx context.Context, id int64) (r record, found bool, err error) {
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		r.Repository, err = tx.Repository(ctx, id)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return record{}, false, nil
	}
	return r, err == nil, err
}

// here is the leak as it is in this repository: one step worse in a public one, where strangers look for keys.
func (w *Worker) here(l ledger.Leak, r ledger.Repository) ledger.Leak {
	if !r.Private {
		l.Severity = worse(l.Severity)
	}
	return l
}

// worse is pure: one step up.
func worse(s detect.Severity) detect.Severity {
	switch s {
	case detect.LowSeverity:
		return detect.MediumSeverity
	case detect.MediumSeverity:
		return detect.HighSeverity
	}
	return detect.CriticalSeverity
}

// describe is the repository as texts name it.
func (w *Worker) describe(r ledger.Repository) respond.Repository {
	return respond.Repository{
		ID: r.ID, Owner: r.Owner, Name: r.Name, URL: w.WebURL + "/" + r.Owner + "/" + r.Name, Private: r.Private,
	}
}
