package deliver

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

const (
	ours    = 4711
	baseSHA = "1111111111111111111111111111111111111111"
	headSHA = "2222222222222222222222222222222222222222"
	tagSHA  = "3333333333333333333333333333333333333333"
)

var (
	shop  = webhook.Repository{ID: 7, Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true}
	ada   = webhook.Account{ID: 1, Login: "ada", Type: "User"}
	about = webhook.Common{InstallationID: 3, Repository: shop, Sender: ada}
	at    = github.Repository{Installation: 3, ID: 7, Owner: "acme", Name: "shop"}
)

func acting(action string) webhook.Common {
	c := about
	c.Action = action
	return c
}

func withSender(c webhook.Common, by webhook.Account) webhook.Common {
	c.Sender = by
	return c
}

func withNewBase(e *webhook.PullRequest) *webhook.PullRequest {
	e.NewBase = true
	return e
}

// TestPlanOfEveryEvent goes through the table of events: what is wanted, and what was there before.
func TestPlanOfEveryEvent(t *testing.T) {
	t.Parallel()
	know := []webhook.Repository{shop}
	push := func(change func(*webhook.Push)) *webhook.Push {
		e := &webhook.Push{Common: about, Ref: "refs/heads/main", Before: baseSHA, After: headSHA, HeadCommitID: headSHA, PusherLogin: "ada"}
		change(e)
		return e
	}
	scan := func(change func(*read.Task)) plan {
		s := &read.Task{Repository: at, Trigger: "push", Ref: "refs/heads/main", Want: headSHA, Head: headSHA, Base: baseSHA, Pusher: "ada"}
		change(s)
		return plan{Scan: s, Know: know}
	}
	pull := &webhook.PullRequest{Number: 5, HeadSHA: headSHA, HeadRef: "patch", BaseSHA: baseSHA, Fork: true, Author: webhook.Account{Login: "eve"}, Association: "NONE"}
	pulled := scan(func(s *read.Task) {
		s.Trigger, s.Ref, s.Pull, s.Fork, s.Author, s.Association = "pull_request", "patch", 5, true, "eve", "NONE"
	})
	ends := []webhook.PullRequestEnds{{Number: 4, HeadSHA: tagSHA, BaseSHA: tagSHA}, {Number: 5, HeadSHA: headSHA, BaseSHA: baseSHA}}
	again := func(event respond.Trigger) plan {
		return scan(func(s *read.Task) { s.Trigger, s.Ref, s.Pusher, s.Pull, s.Again = event, "", "", 5, true })
	}
	withAction := func(action string) *webhook.PullRequest {
		e := *pull
		e.Common = acting(action)
		return &e
	}
	for name, c := range map[string]struct {
		event webhook.Event
		want  plan
	}{
		"push":                                  {push(func(*webhook.Push) {}), scan(func(*read.Task) {})},
		"push forced":                           {push(func(e *webhook.Push) { e.Forced = true }), scan(func(s *read.Task) { s.Forced = true })},
		"push of a branch, head_commit is null": {push(func(e *webhook.Push) { e.HeadCommitID = "" }), scan(func(*read.Task) {})},
		"push of a new branch": {
			push(func(e *webhook.Push) {
				e.Before, e.Commits, e.Distinct = webhook.ZeroSHA, []string{baseSHA, tagSHA, headSHA}, []string{tagSHA, headSHA}
			}),
			scan(func(s *read.Task) {
				s.Base, s.Listed, s.Distinct = "", []string{baseSHA, tagSHA, headSHA}, []string{tagSHA, headSHA}
			}),
		},
		"push of a lightweight tag": {
			push(func(e *webhook.Push) { e.Ref, e.Before = "refs/tags/v1", webhook.ZeroSHA }),
			scan(func(s *read.Task) { s.Ref, s.Base = "refs/tags/v1", "" }),
		},
		"push of an annotated tag": {
			push(func(e *webhook.Push) { e.Ref, e.Before, e.After = "refs/tags/v1", webhook.ZeroSHA, tagSHA }),
			scan(func(s *read.Task) { s.Ref, s.Base, s.Want = "refs/tags/v1", "", tagSHA }),
		},
		"push of a tag of no commit": {
			push(func(e *webhook.Push) {
				e.Ref, e.Before, e.After, e.HeadCommitID = "refs/tags/v1", webhook.ZeroSHA, tagSHA, ""
			}),
			scan(func(s *read.Task) { s.Ref, s.Base, s.Want, s.Head = "refs/tags/v1", "", tagSHA, "" }),
		},
		"push of a policy": {
			push(func(e *webhook.Push) { e.DotGitHub = []string{".github/dependabot.yml", ".github/rekey.yml"} }),
			scan(func(s *read.Task) { s.Policy, s.Before = true, baseSHA }),
		},
		"push that deletes": {
			push(func(e *webhook.Push) { e.Deleted, e.After, e.HeadCommitID = true, webhook.ZeroSHA, "" }),
			plan{ForgetTip: "refs/heads/main", Know: know},
		},
		"pull request opened":           {withAction("opened"), pulled},
		"pull request reopened":         {withAction("reopened"), pulled},
		"pull request synchronized":     {withAction("synchronize"), pulled},
		"pull request ready for review": {withAction("ready_for_review"), pulled},
		"pull request labelled":         {withAction("labeled"), plan{}},
		"pull request with a new title": {withAction("edited"), plan{}},
		"pull request with a new base":  {withNewBase(withAction("edited")), pulled},
		"wiki":                          {&webhook.Gollum{Common: about}, plan{Queue: []job.Singleton{job.Wiki{Repository: 7}}, Know: know}},
		"release with files": {
			&webhook.Release{Common: acting("published"), Release: webhook.Post{ID: 9}, Assets: 2},
			plan{Queue: []job.Singleton{job.Assets{Repository: 7, Release: 9}}, Watch: respond.InAsset, Know: know},
		},
		"release with files, deleted": {
			&webhook.Release{Common: acting("deleted"), Release: webhook.Post{ID: 9}, Assets: 2}, plan{Watch: respond.InAsset, Know: know},
		},
		"release without files": {&webhook.Release{Common: acting("published"), Release: webhook.Post{ID: 9}}, plan{}},
		"run of Actions": {
			&webhook.WorkflowRun{Common: acting("completed"), ID: 5, URL: "https://github.example/5", Actor: ada},
			plan{Logs: &job.Logs{Repository: 7, Run: 5, URL: "https://github.example/5", Actor: "ada"}, Know: know},
		},
		"run of Actions that goes on": {&webhook.WorkflowRun{Common: acting("in_progress"), ID: 5}, plan{}},
		"merge group": {
			&webhook.MergeGroup{Common: acting("checks_requested"), HeadSHA: headSHA, HeadRef: "refs/heads/gh-readonly-queue/main/pr-5", BaseSHA: baseSHA},
			scan(func(s *read.Task) { s.Trigger, s.Ref = "merge_group", "refs/heads/gh-readonly-queue/main/pr-5" }),
		},
		"merge group destroyed": {&webhook.MergeGroup{Common: acting("destroyed"), HeadSHA: headSHA}, plan{}},
		"check run rerequested": {
			&webhook.CheckRun{Common: acting("rerequested"), AppID: ours, HeadSHA: headSHA, PullRequests: ends}, again("check_run"),
		},
		"check run rerequested, no pull request": {
			&webhook.CheckRun{Common: acting("rerequested"), AppID: ours, HeadSHA: headSHA},
			scan(func(s *read.Task) { s.Trigger, s.Ref, s.Base, s.Pusher, s.Again = "check_run", "", "", "", true }),
		},
		"check suite rerequested, it knows what was there before": {
			&webhook.CheckSuite{Common: acting("rerequested"), AppID: ours, HeadSHA: headSHA, Before: baseSHA},
			scan(func(s *read.Task) { s.Trigger, s.Ref, s.Pusher, s.Again = "check_suite", "", "", true }),
		},
		"check run rerequested, of a new branch": {
			&webhook.CheckRun{Common: acting("rerequested"), AppID: ours, HeadSHA: headSHA, Before: webhook.ZeroSHA},
			scan(func(s *read.Task) { s.Trigger, s.Ref, s.Base, s.Pusher, s.Again = "check_run", "", "", "", true }),
		},
		"check run's button to look again": {
			&webhook.CheckRun{Common: acting("requested_action"), AppID: ours, HeadSHA: headSHA, RequestedAction: "rescan", PullRequests: ends},
			again("check_run"),
		},
		"check run's unknown button":      {&webhook.CheckRun{Common: acting("requested_action"), AppID: ours, HeadSHA: headSHA, RequestedAction: "x"}, plan{}},
		"check run of another App":        {&webhook.CheckRun{Common: acting("rerequested"), AppID: 1, HeadSHA: headSHA}, plan{}},
		"check run created":               {&webhook.CheckRun{Common: acting("created"), AppID: ours, HeadSHA: headSHA}, plan{}},
		"check suite rerequested":         {&webhook.CheckSuite{Common: acting("rerequested"), AppID: ours, HeadSHA: headSHA, PullRequests: ends}, again("check_suite")},
		"check suite requested":           {&webhook.CheckSuite{Common: acting("requested"), AppID: ours, HeadSHA: headSHA}, plan{}},
		"check suite of another App":      {&webhook.CheckSuite{Common: acting("rerequested"), AppID: 1, HeadSHA: headSHA}, plan{}},
		"repository publicized":           {&webhook.RepositoryChange{Common: acting("publicized")}, plan{Stated: true, Know: know, Backfill: know, Public: true}},
		"repository unarchived":           {&webhook.RepositoryChange{Common: acting("unarchived")}, plan{Stated: true, Know: know, Backfill: know}},
		"repository renamed":              {&webhook.RepositoryChange{Common: acting("renamed")}, plan{Stated: true, Know: know}},
		"repository transferred":          {&webhook.RepositoryChange{Common: acting("transferred")}, plan{Stated: true, Know: know}},
		"repository deleted":              {&webhook.RepositoryChange{Common: acting("deleted")}, plan{Stated: true, Forget: []int64{7}}},
		"repository of an unknown change": {&webhook.RepositoryChange{Common: acting("starred")}, plan{}},
		"installation deleted":            {&webhook.Installation{Common: acting("deleted")}, plan{Uninstalled: true}},
		"account renamed": {
			&webhook.InstallationTarget{Common: acting("renamed"), Account: ada, LoginFrom: "old"}, plan{Reconcile: true},
		},
		"issue deleted": {&webhook.Issues{Common: acting("deleted"), Issue: webhook.Issue{Number: 9}}, plan{Deleted: 9, Know: know}},
		"issue transferred": {
			&webhook.Issues{Common: acting("transferred"), Issue: webhook.Issue{Number: 9}, MovedTo: shop, MovedNumber: 3, MovedURL: "u"},
			plan{Moved: &issueMove{From: 7, Number: 9, To: shop, ToNumber: 3, ToURL: "u"}, Know: know},
		},
		"issue closed by another App": {
			&webhook.Issues{Common: withSender(acting("closed"), webhook.Account{Login: "stale[bot]", Type: "Bot"}), Issue: webhook.Issue{Number: 9}},
			plan{Command: &command{Repository: 7, Issue: 9, Kind: respond.CommandClosed, By: "stale[bot]", Bot: true}, Know: know},
		},
		"issue reopened by another App": {
			&webhook.Issues{Common: withSender(acting("reopened"), webhook.Account{Login: "stale[bot]", Type: "Bot"}), Issue: webhook.Issue{Number: 9}}, plan{},
		},
		"triage of a pull request": {
			&webhook.IssueComment{Common: acting("created"), CommentID: 4, Author: ada, Issue: webhook.Issue{Number: 5, PullRequest: true}, Body: "/rekey triage"},
			plan{Command: &command{Repository: 7, Pull: 5, Kind: respond.CommandTriage, By: "ada", ID: "comment:4"}, Know: know},
		},
		"another command on a pull request": {
			&webhook.IssueComment{Common: acting("created"), CommentID: 4, Author: ada, Issue: webhook.Issue{Number: 5, PullRequest: true}, Body: "/rekey rotated"}, plan{},
		},
		"issue labelled":          {&webhook.Issues{Common: acting("labeled"), Issue: webhook.Issue{Number: 9}}, plan{}},
		"a comment of no command": {&webhook.IssueComment{Common: acting("created"), Author: ada, Body: "Thanks!"}, plan{}},
		"authorization revoked":   {&webhook.Authorization{Common: webhook.Common{Action: "revoked", Sender: ada}}, plan{SignOut: 1}},
		"ping":                    {&webhook.Ping{}, plan{}},
		"no installation":         {&webhook.Push{Common: webhook.Common{Repository: shop, Sender: ada}, Ref: "refs/heads/main", After: headSHA}, plan{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := planOf(c.event, ours)
			if got.Scan == nil && got.Command == nil && got.Deleted == 0 && got.ForgetTip == "" && got.Note == "" {
				t.Error("a plan that does nothing does not say why")
			}
			got.Note, got.Installed = "", nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPlanOfInstallations(t *testing.T) {
	t.Parallel()
	acme := webhook.Account{ID: 2, Login: "acme", Type: "Organization"}
	other := webhook.Repository{ID: 8, Owner: "acme", Name: "old"}
	created := planOf(&webhook.Installation{Common: acting("created"), Account: acme, Repositories: []webhook.Repository{shop, other}}, ours)
	if created.Installed == nil || *created.Installed != acme || len(created.Know) != 2 {
		t.Errorf("created: %+v", created)
	}
	changed := planOf(&webhook.InstallationRepositories{
		Common: acting("added"), Account: acme, Added: []webhook.Repository{shop}, Removed: []webhook.Repository{other},
	}, ours)
	if changed.Installed == nil || len(changed.Know) != 1 || len(changed.Forget) != 1 || changed.Forget[0] != 8 {
		t.Errorf("changed: %+v", changed)
	}
	for action, suspended := range map[string]bool{"suspend": true, "unsuspend": false, "new_permissions_accepted": false} {
		p := planOf(&webhook.Installation{Common: acting(action), Account: acme}, ours)
		if p.Installed == nil || p.Suspended != suspended {
			t.Errorf("%s: %+v", action, p)
		}
	}
}

func TestWordOf(t *testing.T) {
	t.Parallel()
	comment := func(change func(*webhook.IssueComment)) webhook.Event {
		e := &webhook.IssueComment{Common: acting("created"), Issue: webhook.Issue{Number: 9}, CommentID: 77, Author: ada, Body: "/rekey ignore a fixture"}
		change(e)
		return e
	}
	button := func(change func(*webhook.CheckRun)) webhook.Event {
		e := &webhook.CheckRun{Common: acting("requested_action"), AppID: ours, HeadSHA: headSHA, RequestedAction: "rotated"}
		change(e)
		return e
	}
	issue := func(action string, change func(*webhook.Issues)) webhook.Event {
		e := &webhook.Issues{Common: acting(action), Issue: webhook.Issue{Number: 9}}
		change(e)
		return e
	}
	bot := webhook.Account{Login: "rekey[bot]", Type: "Bot"}
	for name, c := range map[string]struct {
		event webhook.Event
		want  *command // nil: none
	}{
		"comment":                   {comment(func(*webhook.IssueComment) {}), &command{Repository: 7, Issue: 9, Kind: "ignore", Reason: "a fixture", By: "ada", ID: "comment:77"}},
		"comment edited":            {comment(func(e *webhook.IssueComment) { e.Action = "edited" }), nil},
		"comment on a pull request": {comment(func(e *webhook.IssueComment) { e.Issue.PullRequest = true }), nil},
		"comment of a bot":          {comment(func(e *webhook.IssueComment) { e.Author = bot }), nil},
		"comment of an App":         {comment(func(e *webhook.IssueComment) { e.AppID = ours }), nil},
		"comment of a ghost":        {comment(func(e *webhook.IssueComment) { e.Author = webhook.Account{} }), nil},
		"comment to people":         {comment(func(e *webhook.IssueComment) { e.Body = "> /rekey rotated" }), nil},
		"rotated":                   {button(func(*webhook.CheckRun) {}), &command{Repository: 7, Head: headSHA, Kind: "rotated", By: "ada"}},
		"not a secret":              {button(func(e *webhook.CheckRun) { e.RequestedAction = "not-a-secret" }), &command{Repository: 7, Head: headSHA, Kind: "ignore", By: "ada"}},
		"rescan is no command":      {button(func(e *webhook.CheckRun) { e.RequestedAction = "rescan" }), nil},
		"button of another App":     {button(func(e *webhook.CheckRun) { e.AppID = 1 }), nil},
		"button without a press":    {button(func(e *webhook.CheckRun) { e.Action = "completed" }), nil},
		"closed":                    {issue("closed", func(*webhook.Issues) {}), &command{Repository: 7, Issue: 9, Kind: "closed", By: "ada"}},
		"reopened":                  {issue("reopened", func(*webhook.Issues) {}), &command{Repository: 7, Issue: 9, Kind: "reopened", By: "ada"}},
		"closed by another App":     {issue("closed", func(e *webhook.Issues) { e.Sender = bot }), &command{Repository: 7, Issue: 9, Kind: "closed", By: bot.Login, Bot: true}}, // ours never gets here
		"pull request closed":       {issue("closed", func(e *webhook.Issues) { e.Issue.PullRequest = true }), nil},
		"labelled":                  {issue("labeled", func(*webhook.Issues) {}), nil},
		"push":                      {&webhook.Push{Common: about}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := commandFrom(c.event, ours)
			if ok != (c.want != nil) {
				t.Fatalf("heard: %v, %+v", ok, got)
			}
			if c.want == nil {
				return
			}
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if p := planOf(c.event, ours); p.Command == nil || p.Scan != nil || !strings.Contains(string(p.Command.Kind), string(c.want.Kind)) {
				t.Errorf("planned: %+v", p)
			}
		})
	}
}
