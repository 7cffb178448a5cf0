package record

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Target names a repository for GitHub's client.
func Target(r respond.Repository) github.Repository {
	return github.Repository{Installation: r.Installation, ID: r.ID, Owner: r.Owner, Name: r.Name}
}

// Repository looks a repository up; found is false when its installation is gone.
func (r *Recorder) Repository(ctx context.Context, id int64) (repository respond.Repository, found bool, err error) {
	err = r.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		repository, err = tx.Repository(ctx, id)
		return err
	})
	if errors.Is(err, ledger.ErrNotFound) {
		return respond.Repository{}, false, nil
	}
	return repository, err == nil, err
}

// WithURL is the repository as texts name it.
func (r *Recorder) WithURL(repository respond.Repository) respond.Repository {
	repository.URL = r.WebURL + "/" + repository.Owner + "/" + repository.Name
	return repository
}

// WithVisibility is the leak as it is in this repository: one step more severe in a public one, where strangers look for keys.
func WithVisibility(l respond.Leak, in respond.Repository) respond.Leak {
	if !in.Private {
		l.Severity = raise(l.Severity)
	}
	return l
}

// raise is one step up.
func raise(s detect.Severity) detect.Severity {
	switch s {
	case detect.LowSeverity:
		return detect.MediumSeverity
	case detect.MediumSeverity:
		return detect.HighSeverity
	}
	return detect.CriticalSeverity
}
