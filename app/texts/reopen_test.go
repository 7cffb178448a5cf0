package texts

import (
	"context"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestEditingATextIsNoNewPlace: who edits a key out after its leak was closed, or edits something else, does not open it again; who writes it
// there again does.
func TestEditingATextIsNoNewPlace(t *testing.T) {
	t.Parallel()
	p := newPast(t, nil)
	key := p.key()
	at := time.Now().Add(-time.Hour)
	event := func(former bool) {
		t.Helper()
		at = at.Add(time.Minute)
		found := Finder{p.worker.Scanner}.In(t.Context(), []webhook.Text{{
			Kind: webhook.TextIssueComment, NodeID: "IC_1", ID: 1, Number: 1, URL: "https://github.test/acme/shop/issues/1#issuecomment-1", Field: "body",
			Content: "it is " + key, Former: former, Author: webhook.Account{Login: "sam"}, Updated: at,
		}})
		err := p.worker.Reader.RecordTexts(t.Context(), &read.Task{
			Repository: github.Repository{Installation: p.in.ID(), ID: p.repo.ID(), Owner: "acme", Name: "shop"}, Trigger: respond.TriggerText,
			Received: p.now(), Head: record.HistoryOf + found[0].Sighting.Text.URL,
		}, found)
		if err != nil {
			t.Fatal(err)
		}
		p.later.Add(int64(time.Minute))
	}
	move := func(from, to respond.State) {
		t.Helper()
		p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
			l, err := tx.Leak(ctx, 1)
			if err != nil {
				return err
			}
			c := respond.Change{Leak: 1, At: tx.Now(), By: "ada", From: from, To: to}
			return tx.UpdateLeak(ctx, c.ApplyTo(l), c.Event())
		})
		p.later.Add(int64(time.Minute))
	}
	state := func() (s respond.State) {
		p.update(t, func(ctx context.Context, tx *ledger.Tx) error {
			l, err := tx.Leak(ctx, 1)
			s = l.State
			return err
		})
		return s
	}
	event(false)
	move(respond.Open, respond.Resolved)
	for _, step := range []struct {
		name   string
		former bool
		want   respond.State
	}{
		{"something else is edited", false, respond.Resolved},
		{"the key is edited out", true, respond.Resolved},
		{"the key is written there again", false, respond.Open},
	} {
		event(step.former)
		if got := state(); got != step.want {
			t.Errorf("%s: the leak is %s, want %s", step.name, got, step.want)
			move(got, respond.Resolved)
		}
	}
}
