package github_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestPerson: a person's token reads the same texts, git and wikis as the App, where they may, and nothing beyond.
func TestPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.write(t, "body")
	if _, err := w.repo.EditText(ctx, w.find(t, "Issue").NodeID, githubtest.Edited{Body: new("other")}, w.ada); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.EditWiki(ctx, map[string]string{"Home": "welcome"}, w.ada); err != nil {
		t.Fatal(err)
	}
	run, _, err := w.repo.CompleteRun(ctx, githubtest.Run{Logs: []byte("logs")}, w.ada)
	if err != nil {
		t.Fatal(err)
	}
	person := func(login string) *github.Client {
		p, err := github.NewPerson(github.Config{WebURL: w.URL(), APIURL: w.APIURL()}, w.PersonalToken(w.User(login)))
		if err != nil {
			t.Fatal(err)
		}
		return p.Repository("acme", "api")
	}
	ada := person("ada")
	for _, list := range []github.TextList{
		github.Issues, github.IssueComments, github.Reviews, github.ReviewComments, github.CommitComments, github.Discussions,
	} {
		if texts, _, err := ada.TextPage(ctx, list, ""); err != nil || len(texts) == 0 || texts[0].Edited != (list == github.Issues) {
			t.Errorf("%s: %+v, %v", list, texts, err)
		}
	}
	if h, err := ada.Edits(ctx, w.find(t, "Issue").NodeID); err != nil || len(h.Edits) != 2 {
		t.Errorf("%+v, %v", h, err)
	}
	if refs, err := ada.Wiki().Refs(ctx, "refs/heads/"); err != nil || len(refs) != 1 {
		t.Errorf("%v, %v", refs, err)
	}
	if refs, err := ada.Refs(ctx, "refs/heads/main"); err != nil || refs[0].ID != w.head {
		t.Errorf("%v, %v", refs, err)
	}
	if text, err := readAll(ada.RunLogs(ctx, run, 100)); err != nil || string(text) != "logs" {
		t.Errorf("%q, %v", text, err)
	}
	if w.Count(githubtest.Token) != 0 {
		t.Error("a token of the App was asked for")
	}
	eve := person("eve")
	if _, _, err := eve.TextPage(ctx, github.Issues, ""); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a stranger reads a private repository: %v", err)
	}
	if _, err := eve.Refs(ctx); !errors.Is(err, github.ErrNotFound) {
		t.Errorf("a stranger reads a private repository: %v", err)
	}
	if h, err := eve.Edits(ctx, w.find(t, "Issue").NodeID); err != nil || h.Exists {
		t.Errorf("a stranger reads an issue: %+v, %v", h, err)
	}
	p, err := github.NewPerson(github.Config{WebURL: w.URL()}, "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "..", strings.Repeat("x", 201)} {
		if _, _, err := p.Repository("acme", name).TextPage(ctx, github.Issues, ""); github.Classify(err, time.Now()).Do != github.GiveUp {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := p.Repository("acme", "api").TextPage(ctx, github.Issues, ""); !errors.Is(err, github.ErrUnauthorized) {
		t.Errorf("a token that is none: %v", err)
	}
	if _, err := github.NewPerson(github.Config{WebURL: "nonsense"}, "x"); err == nil {
		t.Error("nonsense is an address")
	}
}
