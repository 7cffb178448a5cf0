package work

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWantsOf(t *testing.T) {
	t.Parallel()
	ref := func(name, id string) wire.Ref { return wire.Ref{Name: name, ID: id} }
	for name, c := range map[string]struct {
		refs  []wire.Ref
		wants []string
		head  string
	}{
		"nothing":           {nil, nil, ""},
		"HEAD and its ref":  {[]wire.Ref{ref("HEAD", "a"), ref("refs/heads/main", "a"), ref("refs/tags/v1", "t")}, []string{"a", "t"}, "a"},
		"HEAD comes late":   {[]wire.Ref{ref("refs/heads/a", "a"), ref("HEAD", "b")}, []string{"a", "b"}, "b"},
		"no HEAD: any will": {[]wire.Ref{ref("refs/heads/x", "x"), ref("refs/heads/y", "y")}, []string{"x", "y"}, "x"},
	} {
		wants, head := wantsOf(c.refs)
		if !slices.Equal(wants, c.wants) || head != c.head {
			t.Errorf("%s: %q at %q, want %q at %q", name, wants, head, c.wants, c.head)
		}
	}
}

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

func TestLate(t *testing.T) {
	t.Parallel()
	for _, state := range []ledger.LeakState{ledger.Open, ledger.Revoked, ledger.Ignored, ledger.Resolved} {
		open := state == ledger.Open
		if late(respond.CloseIssue, state) != open || late(respond.ReopenIssue, state) == open || late(respond.Comment, state) {
			t.Errorf("an effect on a leak that is %s now", state)
		}
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		github.ErrIssuesDisabled: true, github.ErrArchived: true, github.ErrGone: true,
		github.ErrNotFound: false, github.ErrForbidden: false, github.ErrUnauthorized: false, ledger.ErrBusy: false,
	} {
		if gone(fmt.Errorf("create issue: %w", err)) != want {
			t.Errorf("%v: gone is %v", err, !want)
		}
	}
}

func TestPatience(t *testing.T) {
	t.Parallel()
	var p patience
	if !p.over(1, noon) {
		t.Error("nothing was to be waited for")
	}
	p.until(1, noon.Add(time.Hour))
	if p.over(1, noon.Add(time.Minute)) || !p.over(1, noon.Add(time.Hour)) || !p.over(2, noon) {
		t.Error("patience ends at its time, for its repository")
	}
}
