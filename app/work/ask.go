package work

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// ask asks Clerk whether a leak's key is dead, and does what follows from the answer.
func (w *Worker) ask(ctx context.Context, j *river.Job[job.Ask]) error {
	question := j.Args.Question
	leak, p, found, err := w.policies.OfLeak(ctx, j.Args.Leak)
	if err != nil || !found {
		return err
	}
	if question.Why == respond.Watching && (leak.State != ledger.Open || p.Verify != respond.VerifyWatch) {
		return nil
	}
	answer, err := w.answerTo(ctx, j, leak, p)
	if err != nil {
		return err
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.Leak(ctx, leak.ID)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		facts, err := w.recorder.LeakFacts(ctx, tx, leak, p)
		if err != nil {
			return err
		}
		if err := w.recorder.Apply(ctx, tx, respond.Learn(facts, question, answer, tx.Now()), p); err != nil {
			return err
		}
		return ledger.CompleteJob(ctx, tx, j)
	})
}

// answerTo asks Clerk, where the policy still lets it be asked. A key that cannot be read again for good gives an answer too.
func (w *Worker) answerTo(ctx context.Context, j *river.Job[job.Ask], leak ledger.Leak, p respond.Policy) (respond.Answer, error) {
	if p.Verify == respond.VerifyNever {
		return respond.Answer{State: respond.KeyNotAsked}, nil
	}
	answer, err := w.answerOf(ctx, leak)
	if err != nil && outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now())).Do != github.GiveUp {
		return respond.Answer{}, err
	}
	if err != nil {
		w.Log.ErrorContext(ctx, "the key could not be read again", "leak", leak.ID, "error", err)
		answer = respond.Answer{State: respond.KeyUnknown, Detail: "the key could not be read again from GitHub"}
	}
	w.metrics.asked.WithLabelValues(string(answer.State)).Inc()
	return answer, nil
}

// keyPlaces is in how many of a leak's places its key is looked for.
const keyPlaces = 5

// answerOf reads the key again from a git object where it was seen, asks with it, and forgets it.
func (w *Worker) answerOf(ctx context.Context, leak ledger.Leak) (respond.Answer, error) {
	if detect.Kind(leak.Kind) != detect.SecretKey {
		return respond.Answer{State: respond.KeyUnknown, Detail: "Clerk cannot be asked about this kind of credential"}, nil
	}
	repository, found, err := w.recorder.Repository(ctx, leak.Repository)
	if err != nil || !found {
		return respond.Answer{State: respond.KeyUnknown}, err
	}
	var sightings []ledger.Sighting
	err = w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		sightings, err = tx.Sightings(ctx, leak.ID, keyPlaces)
		return err
	})
	if err != nil {
		return respond.Answer{}, err
	}
	client := w.GitHub.Repository(record.Target(repository), github.ScanAccess)
	for _, s := range sightings {
		key, found, err := w.keyIn(ctx, client, s, leak.Fingerprint)
		if err != nil {
			return respond.Answer{}, err
		}
		if found {
			return w.Clerk.Ask(ctx, key)
		}
	}
	return respond.Answer{State: respond.KeyUnknown, Detail: "the key could not be read again: its commits are gone from GitHub"}, nil
}

// keyIn fetches the one object and finds the key in it.
func (w *Worker) keyIn(ctx context.Context, client *github.Client, s ledger.Sighting, fingerprint string) (detect.Secret, bool, error) {
	request := wire.Request{Wants: []string{s.Blob}}
	if !s.InFile() {
		request.Deepen, request.Filter = 1, "tree:0" // a commit or a tag alone
	}
	var key detect.Secret
	found := false
	err := w.reader.WithPack(ctx, client, request, func(p *pack.Pack) error {
		return p.Visit(ctx, s.Blob, func(text []byte, large io.Reader) error {
			result, err := w.examine(ctx, s.Path, text, large)
			for _, f := range result.Findings {
				if f.Secret.Fingerprint() == fingerprint {
					key, found = f.Secret, true
				}
			}
			return err
		})
	})
	if err != nil && !read.Unreadable(err) {
		return detect.Secret{}, false, fmt.Errorf("reading the leaking object %s: %w", s.Blob, err)
	}
	return key, found, nil
}

// examine reads an object again as a scan reads it, whatever its size.
func (w *Worker) examine(ctx context.Context, path string, text []byte, large io.Reader) (detect.Result, error) {
	if large != nil {
		return w.Scanner.ExamineReader(ctx, path, large)
	}
	return w.Scanner.Examine(ctx, path, text), nil
}
