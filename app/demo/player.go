package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/format"
)

// player plays steps, prints what happened, and keeps what did not come out as it must.
type player struct {
	*scenario
	wrong []string
	filed bool // the issue
}

func (t *player) opening() {
	fmt.Fprintf(t.out, "A GitHub on this machine, %s, with the repository %s (private).\n"+
		"The same server as `rekey serve` gets its webhooks. The keys were made up a moment ago.\n", t.github.URL(), t.shop.FullName())
}

func (t *player) line(name, format string, args ...any) {
	fmt.Fprintf(t.out, "   %-11s %s\n", name, fmt.Sprintf(format, args...))
}

// play plays one step and waits for what must come of it.
func (t *player) play(ctx context.Context, number int, s *step) error {
	// What earlier steps still cause belongs to them.
	if err := t.quiet(ctx); err != nil {
		return err
	}
	t.noKeys()
	t.github.ForgetRequests()
	fmt.Fprintf(t.out, "\n%d. %s\n", number, s.Title)
	began := t.now()
	var err error
	if s.head, s.sent, err = s.Do(ctx); err != nil {
		return fmt.Errorf("%s: %w", s.Title, err)
	}
	t.line("delivery", "%s %s, answered %d in %s", s.sent.Event, s.sent.GUID, s.sent.Status, format.Duration(s.sent.Took))
	if err := t.awaitVerdict(ctx, s); err != nil {
		return err
	}
	run, ok, err := t.checkRun(ctx, s)
	if err != nil {
		return err
	}
	if !ok {
		t.fail("step %d: no check run on %s within %s", number, short(s.head), format.Duration(effectTimeout))
		return nil
	}
	if !s.Short {
		t.fetched(s.head)
	}
	s.run = run
	after := ""
	if d := run.Completed.Sub(began); d > 0 && d < effectTimeout {
		s.after = d
		after = ", after " + format.Duration(d)
	}
	t.line("check run", "%s: %s%s", run.Conclusion, run.Title, after)
	var places []string
	for _, a := range run.Annotations {
		places = append(places, fmt.Sprintf("%s:%d", a.Path, a.StartLine))
		if s.Short {
			continue
		}
		columns := ""
		if a.StartColumn > 0 {
			columns = fmt.Sprintf(", columns %d to %d", a.StartColumn, a.EndColumn)
		}
		t.line("annotation", "%s:%d%s: %s", a.Path, a.StartLine, columns, a.Title)
		if s.Check != "" {
			t.line("", "%s", strings.ReplaceAll(a.Message, "\n", "\n               "))
		}
	}
	issues, err := t.issues(ctx, s.Expect.Issues)
	if err != nil {
		return err
	}
	if len(issues) > 0 {
		s.issue = issues[0]
		if s.filed = !t.filed; s.filed {
			// The check run names the issue once there is one.
			t.filed = true
			if _, err := t.wait(ctx, func() bool {
				runs := t.checkRuns(s.head, s.Check)
				s.run = runs[len(runs)-1]
				return strings.Contains(s.run.Summary, fmt.Sprintf("/issues/%d", s.issue.Number))
			}); err != nil {
				return err
			}
		}
		t.line("issue", "#%d %s: %s", s.issue.Number, s.issue.State, s.issue.Title)
	}
	t.check(number, s, run, places, issues)
	return nil
}

// fetched prints what the server asked git for, from the stand-in's transcript.
func (t *player) fetched(head string) {
	for _, r := range t.github.Requests() {
		if r.Class != githubtest.Git || !bytes.Contains(r.Body, []byte("command=fetch")) || !bytes.Contains(r.Body, []byte("want "+head)) {
			continue
		}
		haves := bytes.Count(r.Body, []byte("have "))
		t.line("fetched", "want %s, %d have: one POST %s", short(head), haves, r.Path)
		return
	}
}

// check holds what came out against what must.
func (t *player) check(number int, s *step, run githubtest.CheckRun, places []string, issues []githubtest.Issue) {
	if s.sent.Status != 202 {
		t.fail("step %d: the delivery was answered %d, not 202", number, s.sent.Status)
	}
	if run.Conclusion != s.Expect.Conclusion {
		t.fail("step %d: the check run says %q, not %q", number, run.Conclusion, s.Expect.Conclusion)
	}
	if !slices.Equal(places, s.Expect.Annotations) {
		t.fail("step %d: the annotations are at %v, not %v", number, places, s.Expect.Annotations)
	}
	if len(issues) > 0 && len(issues[0].Comments) != s.Expect.Comments {
		t.fail("step %d: there are %d comments, not %d", number, len(issues[0].Comments), s.Expect.Comments)
	}
	if closed := len(issues) > 0 && issues[0].State == "closed"; closed != s.Expect.Closed {
		t.fail("step %d: that the first issue is closed is %t", number, closed)
	}
	if len(issues) != s.Expect.Issues {
		t.fail("step %d: there are %d issues, not %d", number, len(issues), s.Expect.Issues)
	}
}

func (t *player) fail(format string, args ...any) {
	wrong := fmt.Sprintf(format, args...)
	t.wrong = append(t.wrong, wrong)
	t.line("WRONG", "%s", wrong)
}

// noKeys makes sure that no request to GitHub carried a key.
func (t *player) noKeys() {
	for _, r := range t.github.Requests() {
		for _, key := range t.keys {
			if bytes.Contains(r.Body, []byte(key)) || strings.Contains(r.Path+r.Query, key) {
				t.fail("%s %s carried a key", r.Method, r.Path)
			}
		}
	}
}

// closing sums up.
func (t *player) closing() error {
	t.noKeys()
	if len(t.wrong) > 0 {
		fmt.Fprintf(t.out, "\n%d things did not work as they should.\n", len(t.wrong))
		return errUnexpected
	}
	fmt.Fprint(t.out, "\nEverything worked: each commit has its check run, the leak one issue, and no request carried a key.\n"+
		"Removing the line turned nothing green; deleting the key in Clerk did.\n")
	return nil
}

// awaitVerdict waits for what Clerk was asked, and for what rekey then says on the issue.
func (t *player) awaitVerdict(ctx context.Context, s *step) error {
	if s.Expect.Answer == "" {
		return nil
	}
	var issue githubtest.Issue
	_, err := t.wait(ctx, func() bool {
		issues := t.shop.Issues()
		if len(issues) == 0 {
			return false
		}
		issue = issues[0]
		return len(issue.Comments) >= s.Expect.Comments && (issue.State == "closed") == s.Expect.Closed
	})
	if err != nil {
		return err
	}
	t.line("Clerk", "asked with the key, read again from git: GET /v1/instance (%d in all): %s", len(t.clerk.Requests()), s.Expect.Answer)
	if n := len(issue.Comments); n > 0 {
		text, _, _ := strings.Cut(issue.Comments[n-1].Body, "\n\n<!--")
		t.line("comment", "%s", strings.ReplaceAll(text, "\n", "\n               "))
	}
	return nil
}

// checkRun waits for the step's completed check run, and a while for it to say what it must.
func (t *player) checkRun(ctx context.Context, s *step) (githubtest.CheckRun, bool, error) {
	var run githubtest.CheckRun
	ok, err := t.wait(ctx, func() bool {
		runs := t.checkRuns(s.head, s.Check)
		if len(runs) == 0 || runs[len(runs)-1].Status != "completed" {
			return false
		}
		run = runs[len(runs)-1]
		return run.Conclusion == s.Expect.Conclusion
	})
	return run, ok || run.ID != 0, err
}

func (t *player) issues(ctx context.Context, want int) ([]githubtest.Issue, error) {
	var issues []githubtest.Issue
	_, err := t.wait(ctx, func() bool {
		issues = t.shop.Issues()
		return len(issues) >= want
	})
	return issues, err
}

// quiet waits until the server has asked nothing of GitHub for a while.
func (t *player) quiet(ctx context.Context) error {
	const calm = 400 * time.Millisecond
	before, since := -1, t.now()
	_, err := t.wait(ctx, func() bool {
		if n := len(t.github.Requests()); n != before {
			before, since = n, t.now()
		}
		return t.now().Sub(since) >= calm
	})
	return err
}

func (t *player) wait(ctx context.Context, done func() bool) (bool, error) {
	deadline := t.now().Add(effectTimeout)
	for !done() {
		if t.now().After(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return true, nil
}

func short(sha string) string { return sha[:min(10, len(sha))] }
