package record_test

import (
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// TestCommanded: a command is told once: by the leak's history where it changed the state, else by the log of activity.
func TestCommanded(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	command := respond.Command{Kind: respond.CommandIgnore, By: "ada", At: at}
	button := command
	button.Button = true
	bot := command
	bot.Bot = true
	refused := respond.Decision{Actions: []respond.Action{{Do: respond.Comment, Reply: respond.Reply{Kind: respond.ReplyNotEntitled}}}}
	moved := respond.Decision{Changes: []respond.Change{{By: "ada", From: respond.Open, To: respond.Ignored}}}
	approved := respond.Decision{Changes: []respond.Change{{By: "grace", ApprovedBy: "ada", From: respond.Open, To: respond.Ignored}}}
	waits := respond.Decision{Changes: []respond.Change{{By: "ada", From: respond.Open, To: respond.Open, Request: &respond.Request{To: respond.Ignored}}}}
	snoozed := respond.Decision{Changes: []respond.Change{{By: "ada", From: respond.Open, To: respond.Open, Snooze: &at}}}
	responded := respond.Decision{Changes: []respond.Change{{By: "ada", From: respond.Open, To: respond.Open}}}
	for name, c := range map[string]struct {
		command respond.Command
		decided respond.Decision
		detail  string
		told    bool
	}{
		"it moved the leak": {command, moved, "", false}, "it did not": {command, responded, "", true}, "refused": {command, refused, "refused", true},
		"a button": {button, responded, "by a button", true}, "refused, a button": {button, refused, "refused, by a button", true}, "a bot": {bot, responded, "", false},
		"it confirmed": {command, approved, "", true}, "it waits": {command, waits, "waits for a second person", true},
		"a pause": {command, snoozed, "until 4 Mar 2026, 05:06 UTC", true},
	} {
		got, told := record.Commanded(9, 3, c.command, c.decided)
		want := ledger.Activity{At: at, By: "ada", Kind: ledger.ActivityCommand, What: "ignore", Detail: c.detail, Repository: 9, Leak: 3}
		if told != c.told || told && got != want {
			t.Errorf("%s: %+v, %v", name, got, told)
		}
	}
}

// TestAnswered: what Clerk says is told, but for what watching brings again and again.
func TestAnswered(t *testing.T) {
	t.Parallel()
	leak := respond.Leak{ID: 3, Repository: 9, Verdict: respond.KeyAlive}
	asked := respond.Verification{Why: respond.Rotated, By: "ada"}
	watching := respond.Verification{Why: respond.Watching}
	for name, c := range map[string]struct {
		question respond.Verification
		answer   respond.Answer
		detail   string
		told     bool
	}{
		"asked":             {asked, respond.Answer{State: respond.KeyAlive}, "rotated by ada", true},
		"no clear answer":   {asked, respond.Answer{State: respond.KeyUnknown, Detail: "503"}, "rotated by ada: 503", true},
		"not asked":         {asked, respond.Answer{State: respond.KeyNotAsked}, "", false},
		"watched, the same": {watching, respond.Answer{State: respond.KeyAlive}, "", false},
		"watched, revoked":  {watching, respond.Answer{State: respond.KeyRevoked}, "watching", true},
	} {
		got, told := record.Answered(leak, c.question, c.answer)
		want := ledger.Activity{By: respond.ByClerk, Kind: ledger.ActivityAnswer, What: string(c.answer.State), Detail: c.detail, Repository: 9, Leak: 3}
		if told != c.told || told && got != want {
			t.Errorf("%s: %+v, %v", name, got, told)
		}
	}
}
