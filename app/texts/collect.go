package texts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Collector reads what events only announce, wikis, files of releases and logs of Actions, and records what it finds. What the App may not
// read, or what is gone, is no error: nobody is told, and nothing is tried again. It is safe for concurrent use.
type Collector struct {
	Store    ledger.Scoped[Tx]
	GitHub   *github.App
	Files    Files
	Policies *policies.Policies
	Recorder *record.Recorder
	Reader   *read.Reader
	Now      func() time.Time
	Log      *slog.Logger
}

// reading does what reads foreign bytes: one that ended the process again and again is not tried any more.
func (c *Collector) reading(ctx context.Context, row *job.Row, repository int64, do func(respond.Repository) error) error {
	if outcome.Crashed(row) {
		return outcome.Final("rekey was stopped each time it tried, last in the middle of the reading")
	}
	in, there, err := c.Recorder.Repository(ctx, repository)
	if err != nil || !there {
		return err
	}
	leave, err := c.Reader.Enter(row)
	if err != nil {
		return err
	}
	defer leave()
	return outcome.Contain(func() error { return do(in) })
}

// unreadable reports whether there is nothing to read, or nothing for this App.
func (c *Collector) unreadable(ctx context.Context, in respond.Repository, what string, err error) bool {
	for _, e := range []error{github.ErrNotFound, github.ErrGone, github.ErrForbidden, github.ErrUnauthorized, github.ErrOutOfReach, github.ErrUninstalled} {
		if errors.Is(err, e) {
			c.Log.DebugContext(ctx, what+" can't be read", "repository", in.FullName(), "reason", err)
			return true
		}
	}
	return false
}

// Wiki reads what the wiki's git repository got since it was read last.
func (c *Collector) Wiki(ctx context.Context, j *river.Job[job.Wiki]) error {
	return c.reading(ctx, j.JobRow, j.Args.Repository, func(in respond.Repository) error {
		in = c.Recorder.WithURL(in)
		var tips string
		err := c.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			tips, err = tx.LastRead(ctx, in.ID, respond.InWiki, 0)
			return err
		})
		if err != nil {
			return err
		}
		got, err := c.Files.Wiki(ctx, c.GitHub.Repository(record.Target(in), github.ScanAccess), in.URL, strings.Fields(tips))
		if c.unreadable(ctx, in, "the wiki", err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the wiki of %s: %w", in.FullName(), err)
		}
		if err := c.record(ctx, in, in.URL+"/wiki", got.Reading); err != nil {
			return err
		}
		return c.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			version := ledger.Reading{Repository: in.ID, Kind: respond.InWiki, Version: strings.Join(got.Tips, " ")}
			if err := tx.RecordReading(ctx, version); err != nil {
				return ignoreForgotten(err)
			}
			return watchAll(ctx, tx, in.ID, respond.InWiki)
		})
	})
}

// maxWatchedLeaks is how many leaks one event has looked at.
const maxWatchedLeaks = 50

// watchAll has it looked at whether keys are still where they were, after something changed there.
func watchAll(ctx context.Context, tx Tx, repository int64, source respond.Source) error {
	leaks, err := tx.LeaksIn(ctx, repository, source, 0, maxWatchedLeaks)
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Texts{Leak: leak, Now: true}, nil); err != nil {
			return err
		}
	}
	return err
}

// record records what was found at an address, and says what was not read.
func (c *Collector) record(ctx context.Context, in respond.Repository, url string, got Reading) error {
	now := c.Now()
	t := &read.Task{Repository: record.Target(in), Trigger: respond.TriggerText, Received: now, Head: record.HistoryOf + url}
	finder := Finder{c.Files.Scanner}
	if err := c.Reader.RecordTexts(ctx, t, finder.Found(ctx, got.Places)); err != nil {
		return fmt.Errorf("recording what %s holds: %w", url, err)
	}
	if len(got.Left) == 0 {
		return nil
	}
	left := got.Left[:min(len(got.Left), 3)]
	if more := len(got.Left) - len(left); more > 0 {
		left = append(left[:len(left):len(left)], fmt.Sprintf("and %d more", more))
	}
	what := c.Files.Scanner.RedactString(ctx, strings.Join(left, "; "))
	c.Log.WarnContext(ctx, "not everything was read", "repository", in.FullName(), "at", url, "left", what)
	return c.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return ignoreForgotten(tx.RecordActivity(ctx, ledger.Activity{
			By: respond.Self, Kind: ledger.ActivityScan, What: "left", Detail: shortened(what) + " (" + url + ")", Repository: in.ID,
		}))
	})
}

// shortened is what of a text the log of activity keeps.
func shortened(s string) string {
	const most = 500
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func ignoreForgotten(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

const (
	// uploadPause is when a release is looked at again of which files are still being uploaded, and uploadFor for how long that is done.
	uploadPause = 2 * time.Minute
	uploadFor   = time.Hour
)

// Assets reads the files of a release that were not read yet.
func (c *Collector) Assets(ctx context.Context, j *river.Job[job.Assets]) error {
	return c.reading(ctx, j.JobRow, j.Args.Repository, func(in respond.Repository) error {
		client := c.GitHub.Repository(record.Target(in), github.TextsAccess)
		release, err := client.Release(ctx, j.Args.Release)
		if err == nil {
			err = c.assets(ctx, in, client, release)
		}
		if c.unreadable(ctx, in, "a release", err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the files of release %d of %s: %w", j.Args.Release, in.FullName(), err)
		}
		for _, a := range release.Assets {
			if !a.Whole() && c.Now().Sub(j.CreatedAt) < uploadFor {
				return &outcome.WaitError{Until: c.Now().Add(uploadPause), Reason: "a file of the release is still being uploaded"}
			}
		}
		return nil
	})
}

func (c *Collector) assets(ctx context.Context, in respond.Repository, client *github.Client, release github.Text) error {
	room, left := int64(budget.AssetsRead), 0
	for _, a := range release.Assets {
		if !a.Whole() {
			continue
		}
		known, err := c.wasRead(ctx, in, a)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if a.Size <= budget.AssetSize {
			if room -= a.Size; room < 0 {
				left++
				continue
			}
		}
		got, err := c.Files.Asset(ctx, client, release, a)
		if errors.Is(err, github.ErrNotFound) { // deleted meanwhile
			continue
		}
		if err == nil {
			err = c.record(ctx, in, release.URL, got)
		}
		if err != nil {
			return err
		}
		err = c.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
			return ignoreForgotten(tx.RecordReading(ctx, ledger.Reading{Repository: in.ID, Kind: respond.InAsset, ID: a.ID, Version: a.Version()}))
		})
		if err != nil {
			return err
		}
	}
	if left == 0 {
		return nil
	}
	return c.record(ctx, in, release.URL, Reading{Left: []string{
		fmt.Sprintf("%s of the release: they have more than %s", format.Count(left, "file", "files"), format.Size(budget.AssetsRead)),
	}})
}

func (c *Collector) wasRead(ctx context.Context, in respond.Repository, a github.Asset) (known bool, err error) {
	err = c.Store.View(ctx, func(ctx context.Context, tx Tx) error {
		version, err := tx.LastRead(ctx, in.ID, respond.InAsset, a.ID)
		known = version == a.Version()
		return err
	})
	return known, err
}

const (
	// logsPause is when logs are asked for again that GitHub doesn't have yet, and logsWithin how long after a run's end.
	logsPause  = 30 * time.Second
	logsWithin = 2 * time.Minute
)

// Logs reads the logs of a run of GitHub Actions.
func (c *Collector) Logs(ctx context.Context, j *river.Job[job.Logs]) error {
	return c.reading(ctx, j.JobRow, j.Args.Repository, func(in respond.Repository) error {
		if p, err := c.Policies.Lately(ctx, in); err != nil || !p.Texts.Logs {
			return err
		}
		run := github.Run{ID: j.Args.Run, URL: j.Args.URL, Actor: j.Args.Actor, Ended: j.Args.Ended}
		got, err := c.Files.Logs(ctx, c.GitHub.Repository(record.Target(in), github.ActionsAccess), run)
		if errors.Is(err, github.ErrNotFound) && c.Now().Sub(j.CreatedAt) < logsWithin {
			return &outcome.WaitError{Until: c.Now().Add(logsPause), Reason: "GitHub doesn't have the run's logs yet"}
		}
		if c.unreadable(ctx, in, "the logs of a run", err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the logs of run %d of %s: %w", run.ID, in.FullName(), err)
		}
		return c.record(ctx, in, run.URL, got)
	})
}
