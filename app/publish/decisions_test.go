package publish

import (
	"fmt"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	a := github.Annotation{Path: "a", StartLine: 1, EndLine: 1, StartColumn: 5, EndColumn: 9, Title: "one"}
	moved, wide := a, a
	moved.StartColumn = 6
	wide.EndLine = 3
	// GitHub keeps no columns of marks over several lines.
	wideThere := wide
	wideThere.StartColumn, wideThere.EndColumn = 0, 0
	for name, c := range map[string]struct{ all, there, want []github.Annotation }{
		"none is there":  {[]github.Annotation{a, moved}, nil, []github.Annotation{a, moved}},
		"one is there":   {[]github.Annotation{a, moved}, []github.Annotation{a}, []github.Annotation{moved}},
		"several lines":  {[]github.Annotation{wide}, []github.Annotation{wideThere}, nil},
		"others' marks":  {[]github.Annotation{a}, []github.Annotation{{Path: "b", StartLine: 1, EndLine: 1, Title: "one"}}, []github.Annotation{a}},
		"another title":  {[]github.Annotation{a}, []github.Annotation{{Path: "a", StartLine: 1, EndLine: 1, StartColumn: 5}}, []github.Annotation{a}},
		"nothing at all": {nil, []github.Annotation{a}, nil},
	} {
		got := missing(c.all, c.there)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestIsStale(t *testing.T) {
	t.Parallel()
	for _, state := range []respond.State{respond.Open, respond.Revoked, respond.Ignored, respond.Resolved} {
		open := state == respond.Open
		if isStale(respond.CloseIssue, state) != open || isStale(respond.ReopenIssue, state) == open || isStale(respond.Comment, state) {
			t.Errorf("an effect on a leak that is %s now", state)
		}
	}
}

func TestIssueUnavailable(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		github.ErrIssuesDisabled: true, github.ErrArchived: true, github.ErrGone: true,
		github.ErrNotFound: false, github.ErrForbidden: false, github.ErrUnauthorized: false, ledger.ErrBusy: false,
	} {
		if IssueUnavailable(fmt.Errorf("create issue: %w", err)) != want {
			t.Errorf("%v: unavailable is %v", err, !want)
		}
	}
}
