package record

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/text"
)

// enqueueNotices queues one notice for each target of the policy that is notified of the event. A target that the
// server does not know is left out, and logged.
func (r *Recorder) enqueueNotices(ctx context.Context, tx Tx, a respond.Action, p respond.Policy) error {
	leak, err := tx.Leak(ctx, a.Leak)
	if err != nil {
		return err
	}
	facts, err := r.Facts(ctx, tx, leak, p)
	if err != nil {
		return err
	}
	history, err := tx.Events(ctx, leak.ID)
	if err != nil {
		return err
	}
	step := respond.Event{Leak: leak.ID, At: tx.Now(), By: respond.Self, To: leak.State}
	if len(history) > 0 && a.Notice != respond.NoticeOpened && a.Notice != respond.NoticeReminded && a.Notice != respond.NoticePublished {
		step = history[len(history)-1]
	}
	notice := text.Notice(facts, a, step)
	first, err := tx.Sightings(ctx, leak.ID, 1)
	if err != nil {
		return err
	}
	if respond.OnlyInTexts(first) {
		notice.Leak.Pusher, notice.Leak.Author = "", notice.Leak.Pusher
	}
	targets := p.Notify
	switch {
	case a.Always:
		targets = p.Always
	case a.To != "":
		targets = []respond.NotifyRule{{To: a.To}}
	}
	for _, n := range targets {
		if !a.Always && a.To == "" && !n.Includes(a.Notice) {
			continue
		}
		if _, known := notify.Find(r.Targets, n.To); !known {
			r.Log.WarnContext(ctx, "the policy names an unknown notify target: nobody is notified there", "target", n.To,
				"repository", r.Named(leak.Repository))
			continue
		}
		if err := enqueueNotice(ctx, tx, leak, n.To, notice); err != nil {
			return err
		}
	}
	return nil
}

// enqueueNotice queues a notice for one target, or keeps it for the target's next digest where there were enough.
func enqueueNotice(ctx context.Context, tx Tx, leak respond.Leak, target string, event respond.Notice) error {
	ofRepository, inAll, err := tx.CountNotices(ctx, target, leak.Repository, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	if respond.NotifyNow(ofRepository, inAll) {
		if err := tx.RecordNotice(ctx, target, leak.Repository, nil); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Notify{Leak: leak.ID, Target: target, Event: event}, nil)
	}
	waiting, err := json.Marshal(event)
	if err != nil {
		return err
	}
	if err := tx.RecordNotice(ctx, target, leak.Repository, waiting); err != nil {
		return err
	}
	return EnqueueDigest(ctx, tx, target)
}

// digestAfter is how long the first notice waits that is over the limit: others join it.
const digestAfter = 10 * time.Minute

// EnqueueDigest queues a target's next digest.
func EnqueueDigest(ctx context.Context, tx Tx, target string) error {
	return tx.Enqueue(ctx, job.Digest{Target: target}, after(tx.Now(), digestAfter))
}
