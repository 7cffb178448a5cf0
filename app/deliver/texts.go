package deliver

import (
	"bytes"
	"context"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Idle reports whether a delivery asks for nothing in whose texts nothing was found: most of what people write. It reads as little of the body as
// it can, and says no where it is not sure.
func Idle(d ledger.Delivery) bool {
	switch d.Event {
	case "workflow_run":
		return d.Action != "completed"
	case "release":
		return gjson.GetBytes(d.Body, "release.assets.#").Int() == 0
	case "issues":
		switch d.Action {
		case "closed", "reopened", "deleted", "transferred":
			return false
		}
	case "issue_comment":
		if d.Action == "created" && bytes.Contains(d.Body, []byte("rekey")) { // JSON may write the slash before it in other ways
			return false
		}
	default:
		return job.OfText(d.Event)
	}
	// What a bot writes may be ours, made twice.
	return d.Action != "opened" && d.Action != "created" || gjson.GetBytes(d.Body, "sender.type").Str != "Bot"
}

// recordTexts records what was found in the texts of an event, with all that follows from it. The check of a pull request's head shows what is
// in the texts of the pull request itself.
func (w *Worker) recordTexts(ctx context.Context, j *river.Job[job.Delivery], d ledger.Delivery, event webhook.Event) (note string, err error) {
	found, err := texts.Parse(d.Found)
	if err != nil || len(found) == 0 {
		return "", err
	}
	t := &read.Task{
		Repository: repositoryOf(event.About()), Trigger: respond.TriggerText, Received: d.Received,
		Head: record.HistoryOf + found[0].Sighting.Text.URL,
	}
	pull, ofPull := event.(*webhook.PullRequest)
	if ofPull {
		t.Head, t.Pull, t.Fork, t.Author, t.Association = pull.HeadSHA, pull.Number, pull.Fork, pull.Author.Login, pull.Association
	}
	if err := w.Reader.RecordTexts(ctx, t, found); err != nil {
		return "", fmt.Errorf("recording what texts of %s/%s hold: %w", t.Repository.Owner, t.Repository.Name, err)
	}
	note = "found " + format.Count(len(found), "credential", "credentials") + " in texts"
	if ofPull {
		return note, w.Publish.PublishScan(ctx, outcome.Owner(j.JobRow), t)
	}
	return note, nil
}
