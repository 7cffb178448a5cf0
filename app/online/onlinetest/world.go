// Package onlinetest fills a stand-in GitHub with an organisation that has a key in each kind of place, for tests of scans of GitHub.
package onlinetest

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// World is the organisation acme: the private repository api has a key in each kind of place, site is public and clean, empty is empty,
// and vendor is a fork.
type World struct {
	*githubtest.Server
	Acme, Ada, Eve *githubtest.Account // Ada reads all; Eve what is public
	API, Site      *githubtest.Repository
	Keys           []string // all that are somewhere
}

// Epoch is when everything in a world happens.
func Epoch() time.Time { return time.Date(2026, 11, 3, 8, 0, 0, 0, time.UTC) }

// New fills a stand-in whose clock says [Epoch], or any other time.
func New(ctx context.Context, server *githubtest.Server) (*World, error) {
	w := &World{Server: server, Acme: server.Organization("acme"), Ada: server.User("ada"), Eve: server.User("eve")}
	for _, do := range []func(context.Context) error{w.repositories, w.git, w.issues, w.pulls, w.discussions, w.releases, w.runs} {
		if err := do(ctx); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// key makes another key, and a line with it.
func (w *World) key(env detect.Environment) string {
	key := detecttest.Key(int64(1000+len(w.Keys)), env)
	w.Keys = append(w.Keys, key)
	return "CLERK_SECRET_KEY=" + key + "\n"
}

func (w *World) repositories(ctx context.Context) (err error) {
	if w.API, err = w.CreateRepository(w.Acme, "api", githubtest.RepositoryOptions{Private: true}); err != nil {
		return err
	}
	w.API.SetRole(w.Ada, "maintain")
	if w.Site, err = w.CreateRepository(w.Acme, "site", githubtest.RepositoryOptions{}); err != nil {
		return err
	}
	if _, err = w.CreateRepository(w.Acme, "empty", githubtest.RepositoryOptions{}); err != nil {
		return err
	}
	other, err := w.CreateRepository(w.Organization("vendor"), "vendor", githubtest.RepositoryOptions{})
	if err != nil {
		return err
	}
	for _, r := range []*githubtest.Repository{w.Site, other} {
		if _, err := Push(ctx, r, githubtest.Change{Files: map[string]string{"README.md": "hello\n"}}); err != nil {
			return err
		}
	}
	_, err = other.Fork(w.Acme)
	return err
}

// Push makes a commit and publishes it on the default branch, or the change's.
func Push(ctx context.Context, r *githubtest.Repository, c githubtest.Change) (string, error) {
	sha, err := r.Commit(c)
	if err != nil {
		return "", err
	}
	ref := ""
	if c.Branch != "" {
		ref = "refs/heads/" + c.Branch
	}
	_, err = r.Push(ctx, githubtest.Push{Ref: ref, SHA: sha})
	return sha, err
}

// git writes a key that is there, one that was deleted, one in a message, and one that the policy allows.
func (w *World) git(ctx context.Context) error {
	allowed := w.key(detect.Test)
	policy := "allow:\n  fingerprints:\n    - fingerprint: " + detect.NewSecret(w.Keys[len(w.Keys)-1]).Fingerprint() + "\n      reason: made for tests\n"
	for _, c := range []githubtest.Change{
		{Files: map[string]string{".github/rekey.yml": policy, "test/fixture.env": allowed, "old/.env": w.key(detect.Live)}},
		{Remove: []string{"old/.env"}, Files: map[string]string{"src/config.ts": "\n\n" + w.key(detect.Live)}},
		{Message: "Try it\n\n" + w.key(detect.Test), Files: map[string]string{"a": "a\n"}},
	} {
		c.Author = w.Ada
		if _, err := Push(ctx, w.API, c); err != nil {
			return err
		}
	}
	_, err := w.API.EditWiki(ctx, map[string]string{"Getting Started": "Use this\n\n" + w.key(detect.Test)}, w.Ada)
	return err
}

func (w *World) issues(ctx context.Context) error {
	number, _ := w.API.OpenIssue(ctx, "Sign-in fails", "My settings:\n\n"+w.key(detect.Live), w.Ada)
	if _, err := w.API.Comment(ctx, number, "Mine too:\n\n"+w.key(detect.Test), w.Eve); err != nil {
		return err
	}
	key := w.key(detect.Live)
	w.API.OpenIssue(ctx, "Is "+key[:len(key)-1]+" right?", "see above", w.Ada)
	edited, _ := w.API.OpenIssue(ctx, "Edited", "before\n\n"+w.key(detect.Live), w.Ada)
	texts := w.API.Texts()
	for _, text := range texts {
		if text.Kind == "Issue" && text.Number == edited {
			_, err := w.API.EditText(ctx, text.NodeID, githubtest.Edited{Body: new("edited out")}, w.Ada)
			return err
		}
	}
	return fmt.Errorf("no issue #%d", edited)
}

func (w *World) pulls(ctx context.Context) error {
	head, err := w.API.Tip("refs/heads/main")
	if err != nil {
		return err
	}
	if _, err := Push(ctx, w.API, githubtest.Change{Branch: "feature", Parents: []string{head}, Author: w.Ada, Files: map[string]string{"next.ts": "// " + w.key(detect.Test)}}); err != nil {
		return err
	}
	pull, _, err := w.API.OpenPullRequest(ctx, githubtest.PullRequestOptions{
		HeadRef: "feature", Title: "Next", Body: "Tested with\n" + w.key(detect.Test), By: w.Ada,
	})
	if err != nil {
		return err
	}
	pull.Comment(ctx, "and with\n"+w.key(detect.Test), w.Ada)
	if _, err := pull.Review(ctx, githubtest.Review{
		Body: "I used\n" + w.key(detect.Test), Comments: []githubtest.ReviewComment{{Path: "next.ts", Line: 1, Body: "rather\n" + w.key(detect.Live)}},
	}, w.Ada); err != nil {
		return err
	}
	_, err = w.API.CommentOnCommit(ctx, githubtest.CommitComment{SHA: head, Body: "here\n" + w.key(detect.Test)}, w.Ada)
	return err
}

func (w *World) discussions(ctx context.Context) error {
	number, _ := w.API.OpenDiscussion(ctx, "How to", "like this\n"+w.key(detect.Test), w.Ada)
	_, err := w.API.CommentOnDiscussion(ctx, number, 0, "or this\n"+w.key(detect.Test), w.Ada)
	return err
}

func (w *World) releases(ctx context.Context) error {
	w.API.PublishRelease(ctx, githubtest.Release{
		Tag: "v1.0", Name: "One", Body: "Set\n" + w.key(detect.Test),
		Assets: []githubtest.Asset{{Name: "app.env", Content: []byte(w.key(detect.Live))}, {Name: "notes.txt", Content: []byte("nothing\n")}},
	}, w.Ada)
	return nil
}

func (w *World) runs(ctx context.Context) error {
	for _, log := range []string{"ok\n", "env:\n" + w.key(detect.Test)} {
		if _, _, err := w.API.CompleteRun(ctx, githubtest.Run{Steps: []githubtest.RunStep{{Job: "build", Name: "Print", Log: log}}}, w.Ada); err != nil {
			return err
		}
	}
	return nil
}
