package texts

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// TestWhatBecameOfAText: by what GitHub shows of a text now.
func TestWhatBecameOfAText(t *testing.T) {
	t.Parallel()
	const with, without = "the KEY is here", "nothing is here"
	yesterday := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	body := respond.Sighting{Source: respond.InIssueComment, Text: respond.Text{Field: "body"}}
	of := func(field string, former bool) respond.Sighting {
		s := body
		s.Text.Field, s.Text.Former = field, former
		return s
	}
	now := func(title, body string, edits ...github.Edit) github.History {
		return github.History{Exists: true, Title: title, Body: body, Edits: edits}
	}
	discussion := of("title", true)
	discussion.Source = respond.InDiscussion
	titled := func(title string, former ...string) github.History {
		h := now(title, with)
		for _, text := range former {
			h.Titles = append(h.Titles, github.FormerTitle{Text: text})
		}
		return h
	}
	version := func(text string) github.Edit { return github.Edit{Text: text} }
	for name, test := range map[string]struct {
		s    respond.Sighting
		h    github.History
		want state
	}{
		"as it was":                     {body, now("", with), state{}},
		"edited, still there":           {body, now("", with, version(with), version(with)), state{}},
		"edited out":                    {body, now("", without, version(without), version(with)), state{former: true}},
		"edited out long ago":           {body, now("", without, version(without), version(""), version(without), version(with)), state{former: true}},
		"edited out, known":             {of("body", true), now("", without, version(without), version(with)), state{former: true}},
		"written again":                 {of("body", true), now("", with, version(with), version(without), version(with)), state{}},
		"version deleted":               {of("body", true), now("", without, version(without), github.Edit{DeletedAt: yesterday}), state{former: true, gone: true}},
		"version deleted, yet told":     {of("body", true), now("", without, version(without), github.Edit{Text: with, DeletedAt: yesterday}), state{former: true, gone: true}},
		"one of two versions deleted":   {of("body", true), now("", without, version(without), github.Edit{DeletedAt: yesterday}, version(with)), state{former: true}},
		"no history, not in it":         {body, now("", without), state{former: true, gone: true}},
		"comment deleted":               {body, github.History{}, state{gone: true}},
		"comment deleted after an edit": {of("body", true), github.History{}, state{former: true, gone: true}},
		"title as it was":               {of("title", false), now(with, without), state{}},
		"title changed":                 {of("title", false), titled(without, "", with, without), state{former: true}},
		"title changed, not shown":      {of("title", true), titled(without, "other"), state{former: true, gone: true}},
		"title changed too often":       {of("title", true), titled(without, slices.Repeat([]string{"other"}, 100)...), state{former: true}},
		"title of a discussion":         {discussion, titled(without), state{former: true}},
		"title changed back":            {of("title", true), now(with, without), state{}},
		"title of a deleted issue":      {of("title", true), github.History{}, state{former: true, gone: true}},
		"lines quoted":                  {of("diff_hunk", false), now("", without), state{}},
		"quoting comment deleted":       {of("diff_hunk", false), github.History{}, state{gone: true}},
	} {
		if got := stateOf(test.s, test.h, func(text string) bool { return strings.Contains(text, "KEY") }); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

// TestWhenATextIsLookedAtAgain: often at first, rarely later, and in the end no more.
func TestWhenATextIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, test := range []struct {
		age, pause time.Duration
		yes        bool
	}{
		{-time.Minute, 10 * time.Minute, true}, // clocks differ
		{0, 10 * time.Minute, true},
		{time.Hour - 1, 10 * time.Minute, true},
		{time.Hour, time.Hour, true},
		{7*day - 1, time.Hour, true},
		{7 * day, day, true},
		{90*day - 1, day, true},
		{90 * day, 0, false},
		{1000 * day, 0, false},
	} {
		if pause, yes := again(test.age); pause != test.pause || yes != test.yes {
			t.Errorf("a text of %s: %s, %v; want %s, %v", test.age, pause, yes, test.pause, test.yes)
		}
	}
	requests, age := 0, time.Duration(0)
	for {
		pause, yes := again(age)
		if !yes {
			break
		}
		age, requests = age+pause, requests+1
	}
	if requests > 300 {
		t.Errorf("a text that stays is looked at %d times", requests)
	}
}

// TestDiscussionsTakeTheirOwnPermission: an App without it can look at all other texts.
func TestDiscussionsTakeTheirOwnPermission(t *testing.T) {
	t.Parallel()
	for _, source := range []respond.Source{
		respond.InIssue, respond.InIssueComment, respond.InPullRequest, respond.InReview, respond.InReviewComment, respond.InCommitComment,
		respond.InDiscussion, respond.InDiscussionComment,
	} {
		want := github.TextsAccess
		if strings.HasPrefix(string(source), "discussion") {
			want = github.DiscussionsAccess
		}
		if got := AccessOf(respond.Sighting{Source: source}); got != want {
			t.Errorf("%s: %v, want %v", source, got, want)
		}
	}
}

// TestWhatCannotBeFoundOutEndsNoLook: the other texts of a leak are looked at, and the next look comes.
func TestWhatCannotBeFoundOutEndsNoLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"no error":                {nil, false},
		"no permission":           {&github.Error{Err: github.ErrForbidden}, true},
		"a wiki that is too much": {fmt.Errorf("reading the wiki: %w", pack.ErrLimit), true},
		"too large":               {fmt.Errorf("reading: %w", github.ErrTooLarge), true},
		"an hourly limit":         {&github.LimitError{Until: time.Now().Add(time.Hour)}, false},
		"the network":             {io.ErrUnexpectedEOF, false},
		"the server is stopped":   {context.Canceled, false},
	} {
		if got := unanswered(test.err, time.Now()); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
