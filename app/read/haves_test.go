package read

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// vanished is a commit that the server does not know any more.
const vanished = "1111111111111111111111111111111111111111"

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestHavesOf(t *testing.T) {
	t.Parallel()
	tip := func(ref, sha string, seen time.Duration) respond.Tip {
		return respond.Tip{Ref: "refs/heads/" + ref, SHA: sha, Seen: noon.Add(seen)}
	}
	old, young, own := tip("old", "o", -time.Hour), tip("young", "y", time.Second), tip("main", "m", -time.Hour)
	moved := Task{Ref: "refs/heads/main", Want: "w", Base: "b", Received: noon}
	for name, c := range map[string]struct {
		change func(*Task)
		tips   []respond.Tip
		unread bool
		want   []string
	}{
		"moved on: the base alone":               {func(*Task) {}, []respond.Tip{old, young, own}, false, []string{"b"}},
		"moved elsewhere: what was known before": {func(t *Task) { t.Forced = true }, []respond.Tip{old, young, own}, false, []string{"b", "o"}},
		"new: what was known before":             {func(t *Task) { t.Base = "" }, []respond.Tip{old, young}, false, []string{"o"}},
		"new, and nothing is known":              {func(t *Task) { t.Base = "" }, nil, false, nil},
		"new at the tip of another":              {func(t *Task) { t.Base, t.Want = "", "o" }, []respond.Tip{old}, false, []string{"o"}},
		"each once":                              {func(t *Task) { t.Base = "" }, []respond.Tip{old, tip("same", "o", -time.Hour)}, false, []string{"o"}},
		"the base was never read":                {func(*Task) {}, []respond.Tip{old, young, own}, true, []string{"o", "m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			about := moved
			c.change(&about)
			if got := havesOf(about, c.tips, c.unread); !slices.Equal(got, c.want) {
				t.Errorf("haves %q, want %q", got, c.want)
			}
		})
	}
}

// TestTheWholeHistoryIsNotReadByAccident scans what events bring to a repository of five commits whose history was not
// read: never more than is new comes, whatever the server still knows of what was there before.
func TestTheWholeHistoryIsNotReadByAccident(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		task Task     // Want: "main", "feature" (one commit upon main) or "side" (one commit upon main's parent)
		tips []string // refs that are known: main, or one that is gone
		want int      // commits
	}{
		"a push":                    {Task{Trigger: "push", Ref: "refs/heads/feature", Want: "feature", Base: "main"}, nil, 1},
		"a push whose base is gone": {Task{Trigger: "push", Ref: "refs/heads/feature", Want: "feature", Base: vanished}, nil, 1},
		"a forced push, all that is known is gone": {
			Task{Trigger: "push", Ref: "refs/heads/feature", Want: "side", Base: vanished, Forced: true}, []string{vanished}, 1,
		},
		"a forced push to the default branch, its base is gone": {
			Task{Trigger: "push", Ref: "refs/heads/main", Want: "side", Base: vanished, Forced: true}, []string{"main"}, 1,
		},
		"a sweep, its base is gone":             {Task{Trigger: "sweep", Ref: "refs/heads/main", Want: "side", Base: vanished}, []string{"main"}, 1},
		"a new branch":                          {Task{Trigger: "push", Ref: "refs/heads/feature", Want: "feature"}, nil, 1},
		"a new branch at the default branch":    {Task{Trigger: "push", Ref: "refs/heads/feature", Want: "main"}, nil, 0},
		"and the default branch's tip is known": {Task{Trigger: "push", Ref: "refs/heads/feature", Want: "main"}, []string{"main"}, 0},
		"a new branch, all that is known is gone": {
			Task{Trigger: "push", Ref: "refs/heads/feature", Want: "feature"}, []string{vanished}, 1,
		},
		"a pull request":                                  {Task{Trigger: "pull_request", Want: "feature", Base: "main"}, nil, 1},
		"a pull request that brings nothing":              {Task{Trigger: "pull_request", Want: "main", Base: "main"}, nil, 0},
		"a pull request whose base is gone":               {Task{Trigger: "pull_request", Want: "feature", Base: vanished}, nil, 1},
		"a merge group whose base is gone":                {Task{Trigger: "merge_group", Want: "side", Base: vanished}, nil, 1},
		"read again, its base is gone":                    {Task{Trigger: "check_run", Want: "feature", Base: vanished, Again: true}, nil, 1},
		"the default branch is new: all of it was pushed": {Task{Trigger: "push", Ref: "refs/heads/main", Want: "main"}, nil, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			r, commits := b.five()
			b.know(r, commits, c.tips)
			about := c.task
			about.Repository, about.Received = r, b.now().Add(time.Second) // tips were seen before that
			for _, sha := range []*string{&about.Want, &about.Base} {
				if known, ok := commits[*sha]; ok {
					*sha = known
				}
			}
			about.Head = about.Want
			note, err := b.reader.Scan(t.Context(), &about)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(note, fmt.Sprintf("scanned %d commits,", c.want)) {
				t.Errorf("%s, want %d", note, c.want)
			}
		})
	}
}

// TestTheFirstPushIsReadThoughTheNextOneCameUponIt scans the first push to an empty repository when the default branch has
// moved on: the next push's scan begins where this one ends, so that this one must read it all.
func TestTheFirstPushIsReadThoughTheNextOneCameUponIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r, commits := b.five()
	b.know(r, commits, nil)
	first := Task{Repository: r, Trigger: "push", Ref: "refs/heads/main", Want: commits["parent"], Head: commits["parent"], Received: b.now()}
	note, err := b.reader.Scan(t.Context(), &first)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(note, "scanned 4 commits,") {
		t.Error(note)
	}
}

// bench is a reader on a ledger, and a stand-in for GitHub.
type bench struct {
	t      *testing.T
	github *githubtest.Server
	store  *ledger.Store
	reader *Reader
	start  time.Time // where the clock stands
}

func (b *bench) now() time.Time { return b.start }

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, start: time.Now().Truncate(time.Second)}
	var err error
	if b.github, err = githubtest.New(githubtest.Options{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.github.Close() })
	if b.store, err = queue.OpenStore(t.Context(), ledger.Options{URL: filepath.Join(t.TempDir(), "rekey.db"), Now: b.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	block, _ := pem.Decode(b.github.PrivateKeyPEM())
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	app, err := github.New(github.Config{AppID: b.github.AppID(), PrivateKey: key, WebURL: b.github.URL(), APIURL: b.github.APIURL()})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	b.reader = &Reader{
		Store: ledger.Scope[Tx](b.store), GitHub: app, Scanner: detect.New(detect.Options{}), Now: b.now, Log: log, Metrics: NewMetrics(nil),
		Recorder: &record.Recorder{Store: ledger.Scope[record.Tx](b.store), WebURL: b.github.URL(), Log: log},
		Policies: &policies.Policies{Store: ledger.Scope[policies.Tx](b.store), GitHub: app, Now: b.now, Log: log},
	}
	return b
}

// five makes a repository of five commits on main, and names main's tip, its parent, and a commit upon each that no ref has.
func (b *bench) five() (github.Repository, map[string]string) {
	b.t.Helper()
	acme, ada := b.github.Organization("acme"), b.github.User("ada")
	r, err := b.github.CreateRepository(acme, "old", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		b.t.Fatal(err)
	}
	installation, _ := b.github.Install(b.t.Context(), acme, ada)
	commit := func(name string, parents ...string) string {
		sha, err := r.Commit(githubtest.Change{Author: ada, Parents: parents, Files: map[string]string{name: name + "\n"}})
		if err != nil {
			b.t.Fatal(err)
		}
		return sha
	}
	parent := commit("1")
	for _, name := range []string{"2", "3", "4"} {
		parent = commit(name, parent)
	}
	main := commit("5", parent)
	if err := r.SetRef("refs/heads/main", main); err != nil {
		b.t.Fatal(err)
	}
	return github.Repository{Installation: installation.ID(), ID: r.ID(), Owner: "acme", Name: "old"},
		map[string]string{"parent": parent, "main": main, "feature": commit("feature", main), "side": commit("side", parent)}
}

// know records the repository and tips of other refs: commits by name, or by id.
func (b *bench) know(r github.Repository, commits map[string]string, tips []string) {
	b.t.Helper()
	err := b.store.Update(b.t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		err := tx.UpsertRepository(ctx, respond.Repository{ID: r.ID, Installation: r.Installation, Owner: r.Owner, Name: r.Name, DefaultBranch: "main"})
		for _, tip := range tips {
			sha := tip
			if known, ok := commits[tip]; ok {
				sha = known
			}
			if err == nil {
				err = tx.SetTip(ctx, r.ID, "refs/heads/known-"+tip, sha, time.Time{})
			}
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestAPushWaitsForTheOneBefore: a base whose own delivery has not been finished is not lost, and for some seconds a push that
// came upon it waits for it.
func TestAPushWaitsForTheOneBefore(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	later := time.Duration(0)
	store, err := queue.OpenStore(t.Context(), ledger.Options{
		URL: filepath.Join(t.TempDir(), "rekey.db"), Now: func() time.Time { return now.Add(later) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	_, err = store.Accept(t.Context(), []ledger.Delivery{
		{GUID: "before", Event: "push", Installation: 1, Repository: 7, Head: vanished, Body: []byte("{}"), Received: now},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		event       respond.Trigger
		base        string
		received    time.Duration
		later       time.Duration
		lost, waits bool
	}{
		"the push after it":            {"push", vanished, time.Second, 2 * time.Second, false, true},
		"and when that took too long":  {"push", vanished, time.Second, time.Second + maxOrderWait, false, false},
		"a sweep":                      {"sweep", vanished, time.Second, 2 * time.Second, false, false},
		"a push before it":             {"push", vanished, -time.Second, 2 * time.Second, true, false},
		"a push whose base nobody has": {"push", "2222222222222222222222222222222222222222", time.Second, 2 * time.Second, true, false},
	} {
		later = c.later
		err := store.View(t.Context(), func(ctx context.Context, tx *ledger.Tx) error {
			about := Task{Repository: github.Repository{ID: 7}, Trigger: c.event, Received: now.Add(c.received)}
			lost, err := baseIsLost(ctx, tx, about, c.base)
			_, waits := errors.AsType[*outcome.WaitError](err)
			if lost != c.lost || waits != c.waits || err != nil && !waits {
				t.Errorf("%s: lost %v, waits %v, %v", name, lost, waits, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
