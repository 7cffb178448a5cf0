package githubtest_test

import (
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

func run(sha string) github.CreateCheckRunOptions {
	return github.CreateCheckRunOptions{
		Name: "Clerk secret keys", HeadSHA: sha, ExternalID: new("x1"), Status: new("completed"),
		Conclusion: new("failure"), Output: &github.CheckRunOutput{Title: new("1 key"), Summary: new("found")},
		Actions: []*github.CheckRunAction{{Label: "Check again", Description: "Scan this commit again", Identifier: "rescan"}},
	}
}

func annotations(n int) []*github.CheckRunAnnotation {
	var list []*github.CheckRunAnnotation
	for i := range n {
		list = append(list, &github.CheckRunAnnotation{
			Path: new("a.env"), StartLine: new(i + 1), EndLine: new(i + 1), StartColumn: new(3), EndColumn: new(9),
			AnnotationLevel: new("failure"), Message: new("m"), Title: new("t"),
		})
	}
	return list
}

func TestCheckRuns(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	ctx := t.Context()

	opt := run(b.first)
	opt.Output.Annotations = annotations(50)
	made, _, err := c.Checks.CreateCheckRun(ctx, "acme", "shop", opt)
	if err != nil {
		t.Fatal(err)
	}
	if made.GetStatus() != "completed" || made.GetConclusion() != "failure" || made.GetApp().GetID() != b.AppID() || made.GetCheckSuite().GetID() == 0 {
		t.Errorf("made %v", made)
	}
	if got := b.took(); got != "check_run.created check_run.completed" {
		t.Errorf("sent %q", got)
	}
	_, _, err = c.Checks.UpdateCheckRun(ctx, "acme", "shop", made.GetID(), github.UpdateCheckRunOptions{
		Name: opt.Name, Output: &github.CheckRunOutput{Title: new("2"), Summary: new("more"), Annotations: annotations(3)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*github.CheckRunAnnotation
	list := &github.ListOptions{PerPage: 20}
	for {
		some, resp, err := c.Checks.ListCheckRunAnnotations(ctx, "acme", "shop", made.GetID(), list)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
		if list.Page = resp.NextPage; list.Page == 0 {
			break
		}
	}
	if len(all) != 53 || all[50].GetStartLine() != 1 {
		t.Errorf("%d annotations, want 50 and 3 appended", len(all))
	}

	second, _, err := c.Checks.CreateCheckRun(ctx, "acme", "shop", run(b.first))
	if err != nil {
		t.Fatal(err)
	}
	for filter, want := range map[string]int{"latest": 1, "all": 2} {
		found, _, err := c.Checks.ListCheckRunsForRef(ctx, "acme", "shop", "heads/main", &github.ListCheckRunsOptions{
			CheckName: new(opt.Name), Filter: new(filter), AppID: new(b.AppID()), Status: new("completed"),
		})
		if err != nil || found.GetTotal() != want || found.CheckRuns[0].GetID() != second.GetID() {
			t.Errorf("%s: %v, %v; want %d", filter, found, err, want)
		}
	}
	if found, _, err := c.Checks.ListCheckRunsForRef(ctx, "acme", "shop", b.first, &github.ListCheckRunsOptions{AppID: github.Int64(1)}); err != nil || found.GetTotal() != 0 {
		t.Errorf("another App's runs: %v, %v", found, err)
	}
	if got := b.repo.CheckRuns(b.first); len(got) != 2 || got[0].Title != "2" || len(got[0].Annotations) != 53 || got[1].Actions[0].Identifier != "rescan" {
		t.Errorf("the accessor tells %+v", got)
	}
}

func TestCheckRunLimits(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	c := b.rest(nil)
	for name, test := range map[string]struct {
		change func(*github.CreateCheckRunOptions)
		want   string
	}{
		"51 annotations": {func(o *github.CreateCheckRunOptions) { o.Output.Annotations = annotations(51) }, "No more than 50 items are allowed; 51 were supplied."},
		"long summary":   {func(o *github.CreateCheckRunOptions) { o.Output.Summary = new(strings.Repeat("ä", 65536)) }, "Only 65535 characters are allowed; 65536 were supplied."},
		"long text":      {func(o *github.CreateCheckRunOptions) { o.Output.Text = new(strings.Repeat("x", 70403)) }, "70403 were supplied"},
		"long title":     {func(o *github.CreateCheckRunOptions) { o.Output.Title = new(strings.Repeat("x", 256)) }, "256 were supplied"},
		"no summary":     {func(o *github.CreateCheckRunOptions) { o.Output.Summary = nil }, "summary"},
		"4 buttons": {func(o *github.CreateCheckRunOptions) {
			o.Actions = append(o.Actions, o.Actions[0], o.Actions[0], o.Actions[0])
		}, "No more than 3 items"},
		"long label":       {func(o *github.CreateCheckRunOptions) { o.Actions[0].Label = strings.Repeat("x", 21) }, "Only 20 characters"},
		"long description": {func(o *github.CreateCheckRunOptions) { o.Actions[0].Description = strings.Repeat("x", 41) }, "Only 40 characters"},
		"long identifier":  {func(o *github.CreateCheckRunOptions) { o.Actions[0].Identifier = strings.Repeat("x", 21) }, "Only 20 characters"},
		"columns over lines": {func(o *github.CreateCheckRunOptions) {
			o.Output.Annotations = annotations(1)
			o.Output.Annotations[0].EndLine = new(2)
		}, "only when start_line and end_line are equal"},
		"no message": {func(o *github.CreateCheckRunOptions) {
			o.Output.Annotations = annotations(1)
			o.Output.Annotations[0].Message = nil
		}, "message"},
		"lines backwards": {func(o *github.CreateCheckRunOptions) {
			o.Output.Annotations = annotations(1)
			o.Output.Annotations[0].EndLine = new(0)
		}, "lines start at 1"},
		"unknown commit": {func(o *github.CreateCheckRunOptions) { o.HeadSHA = strings.Repeat("1", 40) }, "No commit found for SHA"},
		"no conclusion":  {func(o *github.CreateCheckRunOptions) { o.Conclusion = nil }, "conclusion"},
		"stale":          {func(o *github.CreateCheckRunOptions) { o.Conclusion = new("stale") }, "stale"},
		"no name":        {func(o *github.CreateCheckRunOptions) { o.Name = "" }, "name"},
	} {
		opt := run(b.first)
		test.change(&opt)
		if _, _, err := c.Checks.CreateCheckRun(t.Context(), "acme", "shop", opt); err == nil {
			t.Errorf("%s was taken", name)
		} else {
			refused(t, err, 422, test.want)
		}
	}
	if got := b.repo.CheckRuns(""); len(got) != 0 {
		t.Errorf("refused runs were kept: %v", got)
	}
}

func TestCheckEvents(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	head := b.commit(githubtest.Change{Branch: "topic", Parents: []string{b.first}, Files: map[string]string{"x": "y"}})
	b.push(githubtest.Push{Ref: "refs/heads/topic", SHA: head})
	if _, _, err := b.repo.OpenPullRequest(t.Context(), githubtest.PullRequestOptions{HeadRef: "topic"}); err != nil {
		t.Fatal(err)
	}
	b.push(githubtest.Push{Ref: "refs/heads/again", SHA: head})
	if got, want := b.took(), "push check_suite.requested pull_request.opened push"; got != want {
		t.Errorf("sent %q, want %q: a commit's suite is requested once", got, want)
	}
	made, _, err := b.rest(nil).Checks.CreateCheckRun(t.Context(), "acme", "shop", run(head))
	if err != nil {
		t.Fatal(err)
	}
	if len(made.PullRequests) != 1 || made.PullRequests[0].GetNumber() != 1 {
		t.Errorf("pull requests of the run: %v", made.PullRequests)
	}
	id := made.GetID()
	if _, err := b.repo.PressButton(t.Context(), id, "rescan", b.ada); err != nil {
		t.Error(err)
	}
	if _, err := b.repo.Rerequest(t.Context(), id, b.ada); err != nil {
		t.Error(err)
	}
	if _, err := b.repo.RerequestSuite(t.Context(), head, b.ada); err != nil {
		t.Error(err)
	}
	events := b.forget()
	pressed := events[0].event.(*webhook.CheckRun)
	if pressed.RequestedAction != "rescan" || pressed.ID != id || pressed.HeadSHA != head || events[0].said().Get("check_run.check_suite.before").Str != webhook.ZeroSHA ||
		events[0].said().Get("check_run.check_suite.head_branch").Str != "topic" || pressed.ExternalID != "x1" || len(pressed.PullRequests) != 1 || pressed.PullRequests[0].BaseSHA != b.first {
		t.Errorf("pressed: %+v", pressed)
	}
	if again := events[1].event.(*webhook.CheckRun); again.Action != "rerequested" || again.Sender.Login != "ada" {
		t.Errorf("rerequested: %+v", again)
	}
	if all := events[2].event.(*webhook.CheckSuite); all.Action != "rerequested" || all.HeadSHA != head || all.AppID != b.AppID() {
		t.Errorf("suite: %+v", all)
	}
	if _, err := b.repo.PressButton(t.Context(), id, "no such", b.ada); err == nil {
		t.Error("a button that is not there was pressed")
	}
	if _, err := b.repo.Rerequest(t.Context(), 1, b.ada); err == nil {
		t.Error("a run that is not there was requested again")
	}
}
