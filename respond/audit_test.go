package respond_test

import (
	"testing"

	"github.com/rekey-app/rekey/respond"
)

func TestWhichScansWantAnAudit(t *testing.T) {
	t.Parallel()
	var (
		none  respond.AuditWanted
		head  = respond.AuditWanted{Head: true}
		state = respond.AuditWanted{Default: true}
	)
	for name, c := range map[string]struct {
		trigger            respond.Trigger
		ref                string
		known, uses, names bool
		want               respond.AuditWanted
	}{
		"the first push":                          {respond.TriggerPush, "refs/heads/main", false, false, false, state},
		"a push where Clerk is used":              {respond.TriggerPush, "refs/heads/main", true, true, false, state},
		"a push where it isn't":                   {respond.TriggerPush, "refs/heads/main", true, false, false, none},
		"a push that may bring it":                {respond.TriggerPush, "refs/heads/main", true, false, true, state},
		"a push to another branch":                {respond.TriggerPush, "refs/heads/topic", true, true, true, none},
		"a tag of that name":                      {respond.TriggerPush, "refs/tags/main", true, true, true, none},
		"what moved without an event":             {respond.TriggerSweep, "refs/heads/main", true, false, false, state},
		"a pull request":                          {respond.TriggerPullRequest, "topic", true, false, false, head},
		"a run that is asked for again":           {respond.TriggerCheckRun, "", true, false, false, head},
		"a suite that is asked for again":         {respond.TriggerCheckSuite, "", false, false, false, head},
		"a merge queue":                           {respond.TriggerMergeGroup, "refs/heads/gh-readonly-queue/main/pr-1", true, true, true, head},
		"a history, whose end asks for it":        {respond.TriggerBackfill, "", false, false, false, none},
		"a comment":                               {respond.TriggerText, "", true, true, false, none},
		"a push where the branch has no name yet": {respond.TriggerPush, "refs/heads/", false, false, false, none},
	} {
		branch := "main"
		if c.ref == "refs/heads/" {
			branch = ""
		}
		if got := respond.WantsAudit(respond.Scan{Trigger: c.trigger, Ref: c.ref}, branch, c.known, c.uses, c.names); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWhenAPullRequestGetsASecondCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		check   respond.AuditCheck
		changes int
		before  bool
		want    bool
	}{
		{respond.AuditOff, 3, true, false},
		{respond.AuditNotice, 0, false, false},
		{respond.AuditNotice, 1, false, true},
		{respond.AuditNotice, 0, true, true},
		{respond.AuditFail, 0, false, true}, // it may be required
	} {
		p := respond.DefaultPolicy()
		p.Audit.Check = c.check
		if got := respond.AuditDue(p, c.changes, c.before); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func TestWhatAHeadIsAuditedFor(t *testing.T) {
	t.Parallel()
	scans := []respond.Scan{
		{Trigger: respond.TriggerPush, Ref: "refs/heads/topic"},
		{Trigger: respond.TriggerPullRequest, PullNumber: 3, Base: "a"},
		{Trigger: respond.TriggerPullRequest, PullNumber: 4, Base: "b"},
		{Trigger: respond.TriggerCheckRun, Base: "c"},
	}
	if got, want := respond.AuditSubjectOf(scans, "main"), (respond.AuditSubject{Pull: 4, Base: "b"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	group := []respond.Scan{{Trigger: respond.TriggerMergeGroup, Ref: "refs/heads/gh-readonly-queue/main/pr-4", Base: "d"}}
	if got, want := respond.AuditSubjectOf(group, "main"), (respond.AuditSubject{Merge: true, Base: "d"}); got != want {
		t.Errorf("a merge group: %+v, want %+v", got, want)
	}
	if got, want := respond.AuditSubjectOf(append(group, scans...), "main"), (respond.AuditSubject{Pull: 4, Base: "b"}); got != want {
		t.Errorf("a merge group whose commit is a pull request's head too: %+v, want %+v", got, want)
	}
	scans = append(scans, respond.Scan{Trigger: respond.TriggerPush, Ref: "refs/heads/main"})
	if got := respond.AuditSubjectOf(scans, "main"); !got.Pushed {
		t.Errorf("pushed to the default branch: %+v", got)
	}
}
