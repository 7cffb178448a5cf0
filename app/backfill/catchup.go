package backfill

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/respond"
)

// maxCaughtUp is how many waiting leaks of a repository are looked at.
const maxCaughtUp = 500

// catchUp files the issues that had to wait.
func (w *Worker) catchUp(ctx context.Context) error {
	var waiting []int64
	err := w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		waiting, err = tx.RepositoriesUnfiled(ctx, 1000)
		return err
	})
	if err != nil {
		return err
	}
	now := w.Now()
	var errs []error
	for _, id := range waiting {
		if !w.cooldown.over(id, now) {
			continue
		}
		files, err := w.catchUpOn(ctx, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("repository %d: %w", id, err)) // others need not wait for it
		}
		if err != nil || !files {
			w.cooldown.setUntil(id, now.Add(catchUpPause))
		}
	}
	return errors.Join(errs...)
}

// catchUpPause is how long a repository is left alone for which no issues can be filed: its policy is not read each time.
const catchUpPause = time.Hour

// catchUpOn files what the hour still allows; files is false where the policy wants no issues.
func (w *Worker) catchUpOn(ctx context.Context, id int64) (files bool, err error) {
	repository, found, err := w.Recorder.Repository(ctx, id)
	if err != nil || !found {
		return false, err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil || !p.FilesIssues() {
		return false, err
	}
	return true, w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		leaks, err := tx.Unfiled(ctx, id, maxCaughtUp)
		if err != nil {
			return err
		}
		for i := range leaks {
			leaks[i] = record.WithVisibility(leaks[i], repository)
		}
		filed, err := tx.IssuesFiled(ctx, id, tx.Now().Add(-time.Hour))
		if err != nil {
			return err
		}
		return w.Recorder.Apply(ctx, tx, respond.CatchUp(leaks, filed, p), p)
	})
}

// cooldown remembers until when repositories are left alone. It is safe for concurrent use; its zero value is ready.
type cooldown struct {
	mu    sync.Mutex
	ready map[int64]time.Time
}

func (p *cooldown) over(repository int64, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !now.Before(p.ready[repository])
}

func (p *cooldown) end(repository int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ready, repository)
}

func (p *cooldown) setUntil(repository int64, ready time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ready == nil || len(p.ready) > 10_000 {
		p.ready = map[int64]time.Time{}
	}
	p.ready[repository] = ready
}
