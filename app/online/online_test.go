package online_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/app/online"
	"github.com/rekey-app/rekey/app/online/onlinetest"
	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/githubtest"
)

// TestMain fails where a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a world, and scans of it.
type bench struct {
	*onlinetest.World
	t     *testing.T
	token string
	state string
	said  bytes.Buffer
	http  http.RoundTripper
	sent  atomic.Int64 // requests
	at    int64        // the request that is stopped; -1: none
	stop  func()
	hours atomic.Int64 // that passed on both sides
	clock atomic.Int64 // seconds after the epoch; each look at it takes one, so that states are saved whenever they may be
}

func (b *bench) now() time.Time {
	return onlinetest.Epoch().Add(time.Duration(b.hours.Load())*time.Hour + time.Duration(b.clock.Add(1))*time.Second)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchOf(t, githubtest.Options{})
}

func newBenchOf(t *testing.T, options githubtest.Options) *bench {
	t.Helper()
	b := &bench{t: t, state: filepath.Join(t.TempDir(), "scans", "state.json"), at: -1}
	options.Quiet, options.Now = true, func() time.Time { return onlinetest.Epoch().Add(time.Duration(b.hours.Load()) * time.Hour) }
	server, err := githubtest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	if b.World, err = onlinetest.New(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	b.token, b.http = b.PersonalToken(b.Ada), transport
	return b
}

// RoundTrip implements [http.RoundTripper]: it counts, and watches over the token.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	if away := "http://"+r.URL.Host != b.URL(); away != (r.Header.Get("Authorization") == "") && b.token != "" {
		b.t.Errorf("%s with Authorization %t", r.URL, !away)
	}
	if b.sent.Add(1) == b.at {
		b.stop()
	}
	return b.http.RoundTrip(r)
}

// options are those of a scan of all surfaces of acme.
func (b *bench) options() online.Options {
	b.t.Helper()
	person, err := github.NewPerson(github.Config{WebURL: b.URL(), APIURL: b.APIURL(), HTTP: b, Now: b.now}, b.token)
	if err != nil {
		b.t.Fatal(err)
	}
	return online.Options{
		Owner: "acme", Include: online.Surfaces(), GitHub: person, Token: b.token != "", Web: b.URL(),
		Scanner: detect.New(detect.Options{}), Program: "test", State: b.state, Now: b.now,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Say:   func(line string) { fmt.Fprintln(&b.said, line) },
	}
}

// written is all that a result says.
func (b *bench) written(out online.Outcome) string {
	b.t.Helper()
	r, err := scan.Judge(b.t.Context(), detect.New(detect.Options{}), out.Hits, out.Problems, scan.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	r.Read, r.Files, r.Notes = out.Read, out.Files, out.Notes
	var text bytes.Buffer
	for _, err := range []error{
		scan.WriteJSON(&text, r), scan.WriteText(&text, r, scan.Style{}), scan.WriteProblems(&text, r, true),
		scan.WriteSARIF(&text, r, scan.SARIFOptions{Dir: "/"}),
	} {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	return strings.ReplaceAll(text.String(), b.URL(), "https://github.example")
}

// places lists what was found where.
func (b *bench) places(out online.Outcome) []string {
	var list []string
	for _, h := range out.Hits {
		line := fmt.Sprintf("%s: %s", h.Online.Kind, h.Path())
		if h.Place.Line > 0 {
			line += fmt.Sprintf(":%d", h.Place.Line)
		}
		if h.Author.Name != "" {
			line += ", " + h.Author.Name
		}
		for flag, is := range map[string]bool{", former": h.Online.Former, ", allowed": h.Online.Allowed} {
			if is {
				line += flag
			}
		}
		if len(h.Refs) > 0 {
			line += ", in " + strings.Join(h.Refs, " ")
		}
		list = append(list, line)
	}
	return list
}

func (b *bench) whole() online.Outcome {
	b.t.Helper()
	o := b.options()
	o.State = ""
	out, err := online.Run(b.t.Context(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// hidden fails where one of the keys or the token stands in a text.
func (b *bench) hidden(name, text string) {
	b.t.Helper()
	for _, secret := range append([]string{b.token}, b.Keys...) {
		if secret != "" && strings.Contains(text, secret) {
			b.t.Errorf("%s holds %.12s…", name, secret)
		}
	}
}

// TestEverySurface: a key in each kind of place is found there, and says where that is, who wrote it, and since when.
func TestEverySurface(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := b.whole()
	want := []string{
		"commit_message: commit message:8, ada",
		"file: next.ts:1, ada, in refs/heads/feature",
		"file: old/.env:1, ada",
		"file: src/config.ts:3, ada, in refs/heads/main",
		"file: test/fixture.env:1, ada, allowed, in refs/heads/main",
		"issue: issue #1:3, ada",
		"issue: title of issue #2:1, ada",
		"pull_request: pull request #4:2, ada",
		"issue: issue #3:3, ada, former",
		"issue_comment: comment on issue #1:3, eve",
		"issue_comment: comment on pull request #4:2, ada",
		"review: review of pull request #4:2, ada",
		"review_comment: comment in a review of pull request #4:2, ada",
		"review_comment: code quoted in a review of pull request #4:2, ada",
		"commit_comment: comment on commit 690d254276f6:2, ada",
		"discussion: discussion #5:2, ada",
		"discussion_comment: comment on discussion #5:2, ada",
		"release: release v1.0:2, ada",
		"release_asset: app.env of release v1.0:1, ada",
		"wiki: wiki page Getting-Started.md:3, ada, in refs/heads/master",
		"actions_log: log of CI, run 1035: build/1_Print:2, ada",
	}
	if diff := cmp.Diff(want, b.places(out)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	const read = "3 repositories (6 commits, 8 blobs, 3 issues, 1 pull request, 1 review, 1 discussion, 5 comments, 1 earlier version, " +
		"1 release, 2 files of releases, 2 logs), 1.6 KiB"
	if out.Read != read || len(out.Problems) > 0 || fmt.Sprint(out.Notes) != "[1 fork isn't read; --forks reads them too]" {
		t.Errorf("read %s; %v; %v", out.Read, out.Notes, out.Problems)
	}
	for _, h := range out.Hits {
		if !strings.HasPrefix(h.Online.URL, b.URL()+"/acme/api/") || h.Author.When.IsZero() || h.Secret != (detect.Secret{}) {
			t.Errorf("%+v", h)
		}
	}
	b.hidden("the result", b.written(out))
}

// crowd adds so much that lists have a second page.
func (b *bench) crowd() {
	for i := range 101 {
		number, _ := b.API.OpenIssue(b.t.Context(), "Again", fmt.Sprintf("issue %d", i), b.Eve)
		if _, err := b.API.Comment(b.t.Context(), number, "me too", b.Ada); err != nil {
			b.t.Fatal(err)
		}
	}
	for range 10 {
		b.API.OpenDiscussion(b.t.Context(), "Talk", "about it", b.Ada)
	}
	for i, text := range b.API.Texts() {
		if i%20 == 0 && (text.Kind == "Issue" || text.Kind == "IssueComment") {
			if _, err := b.API.EditText(b.t.Context(), text.NodeID, githubtest.Edited{Body: new(text.Body + " still")}, b.Ada); err != nil {
				b.t.Fatal(err)
			}
		}
	}
}

// interrupted is a scan that is stopped at a request, and goes on until it is done. Where it is killed, it goes on from the state as it
// was at that request, and not from what it wrote when it was stopped.
func (b *bench) interrupted(o online.Options, at int64, killed bool) (out online.Outcome, times int) {
	b.t.Helper()
	for {
		ctx, stop := context.WithCancel(b.t.Context())
		b.sent.Store(0)
		var then []byte
		b.at, b.stop = at, func() {
			then, _ = os.ReadFile(o.State) // there is one from the beginning
			stop()
		}
		out, err := online.Run(ctx, o)
		stop()
		if err == nil {
			return out, times
		}
		if !errors.Is(err, context.Canceled) {
			b.t.Fatalf("stopped at request %d: %v", at, err)
		}
		if out.Of > 0 {
			kept, err := os.ReadFile(o.State)
			if err != nil {
				b.t.Fatal(err)
			}
			b.hidden("the state", string(kept))
		}
		if killed {
			if err := os.WriteFile(o.State, then, 0o600); err != nil {
				b.t.Fatal(err)
			}
		}
		times++
		at = -1
	}
}

// TestInterruptedAnywhere: a scan that is stopped at any request, and goes on, says in the end what one in one piece says.
func TestInterruptedAnywhere(t *testing.T) {
	t.Parallel()
	for name, include := range map[string][]online.Surface{
		"git":   {online.Git, online.Wiki},
		"texts": {online.Issues, online.Pulls, online.Discussions, online.Releases, online.Actions},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if name == "texts" {
				b.crowd()
			}
			o := b.options()
			o.Include = include
			whole, _ := b.interrupted(o, -1, false)
			requests, want := b.sent.Load(), b.written(whole)
			t.Logf("%d requests, %d hits", requests, len(whole.Hits))
			online.Forget(o.State)
			for at := range requests {
				out, times := b.interrupted(o, at+1, at%2 == 0)
				if times != 1 {
					t.Errorf("stopped %d times at request %d", times, at+1)
				}
				if diff := cmp.Diff(want, b.written(out)); diff != "" {
					t.Errorf("stopped at request %d of %d: -want +got\n%s", at+1, requests, diff)
				}
				online.Forget(o.State)
			}
			b.hidden("what was said", b.said.String())
		})
	}
}
