// Package verify asks Clerk whether leaked keys still work, and records what follows from the answer. A key is nowhere kept: it is read
// again from the git object where it was seen, or from GitHub's alert about it, and forgotten.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Tx is what the package needs of the ledger.
type Tx interface {
	record.Tx
	Sightings(ctx context.Context, leak int64, limit int) ([]respond.Sighting, error)
	CompleteJob(ctx context.Context, row *rivertype.JobRow) error
}

var _ Tx = (*ledger.Tx)(nil)

// Worker asks questions. It is safe for concurrent use.
type Worker struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Scanner  *detect.Scanner
	Clerk    *clerk.Client
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Files    texts.Files
	Now      func() time.Time
	Log      *slog.Logger
	Answers  *prometheus.CounterVec // by answer; see [NewAnswers]
}

// NewAnswers returns a counter of Clerk's answers, which metrics hold; nil for nowhere.
func NewAnswers(metrics prometheus.Registerer) *prometheus.CounterVec {
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rekey_clerk_answers_total", Help: "Questions to Clerk by answer: alive, revoked, fenced, unknown.",
	}, []string{"answer"})
	if metrics != nil {
		metrics.MustRegister(answers)
	}
	return answers
}

// Verify asks Clerk whether a leak's key still works, and does what follows from the answer.
func (w *Worker) Verify(ctx context.Context, j *river.Job[job.Verify]) error {
	question := j.Args.Question
	leak, p, found, err := w.Policies.OfLeak(ctx, j.Args.Leak)
	if err != nil || !found {
		return err
	}
	if question.Why == respond.Watching && (leak.State != respond.Open || p.Verify != respond.VerifyWatch) {
		return nil
	}
	answer, err := w.ask(ctx, j, leak, p)
	if err != nil {
		return err
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		err := w.Recorder.Decide(ctx, tx, leak.ID, p, func(f respond.LeakFacts) respond.Decision {
			return respond.Learn(f, question, answer, tx.Now())
		})
		if told, tell := record.Answered(leak, question, answer); err == nil && tell {
			err = tx.RecordActivity(ctx, told)
		}
		if err != nil {
			return err
		}
		return tx.CompleteJob(ctx, j.JobRow)
	})
}

// ask asks Clerk, where the policy still lets it be asked. A key that cannot be read again for good gives an answer too.
func (w *Worker) ask(ctx context.Context, j *river.Job[job.Verify], leak respond.Leak, p respond.Policy) (respond.Answer, error) {
	if p.Verify == respond.VerifyNever {
		return respond.Answer{State: respond.KeyNotAsked}, nil
	}
	answer, err := w.askAbout(ctx, leak)
	if err != nil && outcome.Of(err, w.Now(), outcome.AttemptOf(j.JobRow, w.Now())).Do != github.GiveUp {
		return respond.Answer{}, err
	}
	if err != nil {
		w.Log.ErrorContext(ctx, "the key could not be read again", "leak", leak.ID, "error", err)
		answer = respond.Answer{State: respond.KeyUnknown, Detail: "the key could not be read again from GitHub"}
	}
	w.Answers.WithLabelValues(string(answer.State)).Inc()
	return answer, nil
}

// keyPlaces is in how many of a leak's places its key is looked for.
const keyPlaces = 5

// askAbout reads the key again from a git object where it was seen, asks with it, and forgets it.
func (w *Worker) askAbout(ctx context.Context, leak respond.Leak) (respond.Answer, error) {
	if leak.Kind != detect.SecretKey {
		return respond.Answer{State: respond.KeyUnknown, Detail: "Clerk cannot be asked about this kind of credential"}, nil
	}
	repository, found, err := w.Recorder.Repository(ctx, leak.Repository)
	if err != nil || !found {
		return respond.Answer{State: respond.KeyUnknown}, err
	}
	var sightings []respond.Sighting
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		sightings, err = tx.Sightings(ctx, leak.ID, keyPlaces)
		return err
	})
	if err != nil {
		return respond.Answer{}, err
	}
	client := w.GitHub.Repository(record.Target(repository), github.ScanAccess)
	for _, s := range sightings {
		in, find := client, w.keyIn
		switch {
		case s.Source == respond.InWiki:
			in = client.Wiki()
		case s.InText():
			in, find = w.GitHub.Repository(record.Target(repository), texts.AccessOf(s)), w.Files.Key
		}
		key, found, err := find(ctx, in, s, leak.Fingerprint)
		if s.Source == respond.InWiki && (errors.Is(err, github.ErrNotFound) || errors.Is(err, github.ErrForbidden)) {
			continue // the wiki was turned off, or deleted
		}
		if err != nil {
			return respond.Answer{}, err
		}
		if found {
			return w.Clerk.Ask(ctx, key)
		}
	}
	switch key, found, err := w.keyOfAlert(ctx, repository, leak); {
	case err != nil:
		return respond.Answer{}, err
	case found:
		return w.Clerk.Ask(ctx, key)
	}
	return respond.Answer{State: respond.KeyUnknown, Detail: "the key could not be read again: it is gone from GitHub, or stands where rekey doesn't read it"}, nil
}

// keyOfAlert reads the key from an alert of GitHub's secret scanning: it may be in no file at all.
func (w *Worker) keyOfAlert(ctx context.Context, in respond.Repository, leak respond.Leak) (key detect.Secret, found bool, err error) {
	var alerts []respond.Alert
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		alerts, err = tx.AlertsOf(ctx, leak)
		return err
	})
	if err != nil {
		return detect.Secret{}, false, err
	}
	client := w.GitHub.Repository(record.Target(in), github.AlertsAccess)
	for _, a := range alerts {
		secret, err := client.AlertSecret(ctx, a.Number)
		switch {
		case errors.Is(err, github.ErrForbidden), errors.Is(err, github.ErrNotFound):
			continue
		case err != nil:
			return detect.Secret{}, false, err
		}
		for _, f := range w.Scanner.Scan(ctx, "", []byte(secret)) {
			if f.Secret.Fingerprint() == leak.Fingerprint {
				return f.Secret, true, nil
			}
		}
	}
	return detect.Secret{}, false, nil
}

// keyIn fetches the one object and finds the key in it.
func (w *Worker) keyIn(ctx context.Context, client *github.Client, s respond.Sighting, fingerprint string) (detect.Secret, bool, error) {
	request := wire.Request{Wants: []string{s.Blob}}
	if s.Path == "" {
		request.Deepen, request.Filter = 1, "tree:0" // a commit or a tag alone
	}
	var key detect.Secret
	found := false
	err := w.Reader.WithPack(ctx, client, request, func(p *pack.Pack) error {
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
