package deliver

import (
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/alerts"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
)

// plan is what a delivery asks for. The zero plan asks for nothing; Note then says why.
type plan struct {
	Note string // what is done, or why nothing is, for the delivery's record

	Scan      *read.Task           // read a range of history
	Queue     []job.Singleton      // what else is to be read, each in its own turn
	Watch     respond.Source       // look again at leaks in texts of this source; "": none
	Logs      *job.Logs            // logs of a run that has ended, where the policy wants them
	Alert     *alerts.Task         // look at an alert of GitHub's secret scanning
	Command   *command             // a person gave a command
	Deleted   int                  // the number of an issue that was deleted
	Moved     *issueMove           // an issue that was transferred to another repository
	Public    bool                 // the repository became public
	ForgetTip string               // a ref that is gone
	Know      []webhook.Repository // repositories to remember or to rename
	Backfill  []webhook.Repository // of these, read the whole history
	Reconcile bool                 // compare with GitHub's list of repositories, and read the histories of new ones
	Forget    []int64              // repositories that the installation does not reach any more
	Stated    bool                 // the event is about the repository itself: what it says is known as of then, also where nothing changes
	AsOf      time.Time            // when the event came
	Late      bool                 // that was a while ago

	Installed   *webhook.Account     // the installation stands on this account
	Granted     *github.Installation // what it may do now, to be compared with what rekey needs
	Suspended   bool
	Uninstalled bool

	SignOut int64 // the person whose sessions end
}

// planOf decides what an event asks for. appID is our own: check runs of other Apps are not ours to answer.
func planOf(event webhook.Event, appID int64) plan {
	about := event.About()
	if _, ping := event.(*webhook.Ping); ping {
		return plan{Note: "ping"}
	}
	if a, is := event.(*webhook.Authorization); is {
		if a.Action != "revoked" {
			return unused(a.Action)
		}
		return plan{Note: "signed out: the person takes back what the App may do in their name", SignOut: a.Sender.ID}
	}
	if about.InstallationID == 0 {
		return plan{Note: "ignored: the delivery names no installation"}
	}
	if c, ok := commandFrom(event, appID); ok {
		return plan{Command: &c, Know: known(about)}
	}
	switch e := event.(type) {
	case *webhook.Push:
		return planPush(e)
	case *webhook.PullRequest:
		return planPullRequest(e)
	case *webhook.MergeGroup:
		if e.Action != "checks_requested" {
			return unused(e.Action)
		}
		return scanning(&read.Task{
			Repository: repositoryOf(e.Common), Trigger: respond.TriggerMergeGroup, Ref: e.HeadRef,
			Want: e.HeadSHA, Head: e.HeadSHA, Base: present(e.BaseSHA), Pusher: e.Sender.Login,
		}, e.Common)
	case *webhook.CheckRun:
		if e.AppID != appID || (e.Action != "rerequested" && !(e.Action == "requested_action" && e.RequestedAction == respond.ButtonRescan)) {
			return unused(e.Action)
		}
		return scanning(again(respond.TriggerCheckRun, e.Common, e.HeadSHA, e.Before, e.PullRequests), e.Common)
	case *webhook.CheckSuite:
		if e.AppID != appID || e.Action != "rerequested" {
			return unused(e.Action)
		}
		return scanning(again(respond.TriggerCheckSuite, e.Common, e.HeadSHA, e.Before, e.PullRequests), e.Common)
	case *webhook.Installation:
		return planInstallation(e)
	case *webhook.InstallationRepositories:
		p := plan{Installed: &e.Account, Know: e.Added, Reconcile: true}
		for _, r := range e.Removed {
			p.Forget = append(p.Forget, r.ID)
		}
		p.Note = fmt.Sprintf("%d repositories added, %d removed", len(e.Added), len(e.Removed))
		return p
	case *webhook.InstallationTarget:
		return plan{Note: "account renamed from " + e.LoginFrom, Installed: &e.Account, Reconcile: true}
	case *webhook.RepositoryChange:
		return planRepositoryChange(e)
	case *webhook.SecretScanningAlert:
		return planAlert(e)
	case *webhook.Gollum:
		return plan{Note: "the wiki is read in its turn", Queue: []job.Singleton{job.Wiki{Repository: about.Repository.ID}}, Know: known(about)}
	case *webhook.Release:
		return planRelease(e)
	case *webhook.WorkflowRun:
		if e.Action != "completed" {
			return unused(e.Action)
		}
		return plan{Note: "a run of Actions has ended", Know: known(about), Logs: &job.Logs{
			Repository: about.Repository.ID, Run: e.ID, URL: e.URL, Actor: e.Actor.Login, Ended: e.Updated,
		}}
	case *webhook.Issues:
		if e.Action == "deleted" {
			return plan{Note: "issue deleted", Deleted: e.Issue.Number, Know: known(about)}
		}
		if e.Action == "transferred" {
			return plan{Note: "issue transferred", Moved: moveOf(e), Know: known(about)}
		}
	}
	return unused(about.Action)
}

func planRelease(e *webhook.Release) plan {
	if e.Assets == 0 {
		return unused(e.Action)
	}
	p := plan{Note: "ignored: action \"" + e.Action + "\" brings no files", Watch: respond.InAsset, Know: known(e.Common)}
	if slices.Contains([]string{"created", "published", "edited", "released", "prereleased"}, e.Action) {
		p.Note = "the files of the release are read in their turn"
		p.Queue = []job.Singleton{job.Assets{Repository: e.Repository.ID, Release: e.Release.ID}}
	}
	return p
}

func planPush(e *webhook.Push) plan {
	if e.Deleted || e.After == webhook.ZeroSHA {
		return plan{Note: "ref deleted", ForgetTip: e.Ref, Know: known(e.Common)}
	}
	t := &read.Task{
		Repository: repositoryOf(e.Common), Trigger: respond.TriggerPush, Ref: e.Ref,
		Want: e.After, Head: e.HeadCommitID, Base: present(e.Before), Pusher: e.PusherLogin, Forced: e.Forced,
		Listed: e.Commits, Distinct: e.Distinct, Names: e.NamesPackages,
	}
	if t.Policy = slices.Contains(e.DotGitHub, respond.PolicyPath); t.Policy {
		t.Before = present(e.Before)
	}
	if !e.IsTag() {
		// A branch points to a commit, whatever the payload lacks.
		t.Head = e.After
	}
	return scanning(t, e.Common)
}

func planPullRequest(e *webhook.PullRequest) plan {
	switch {
	case e.Action == "edited" && e.NewBase: // it brings the new base more commits than it brought the one before
	case slices.Contains([]string{"opened", "reopened", "synchronize", "ready_for_review"}, e.Action):
	default:
		return unused(e.Action)
	}
	return scanning(&read.Task{
		Repository: repositoryOf(e.Common), Trigger: respond.TriggerPullRequest, Ref: e.HeadRef,
		Want: e.HeadSHA, Head: e.HeadSHA, Base: present(e.BaseSHA), Pull: e.Number, Pusher: e.Sender.Login,
		Fork: e.Fork, Author: e.Author.Login, Association: e.Association, Into: e.BaseRef,
	}, e.Common)
}

func again(trigger respond.Trigger, about webhook.Common, head, before string, pulls []webhook.PullRequestEnds) *read.Task {
	t := &read.Task{Repository: repositoryOf(about), Trigger: trigger, Want: head, Head: head, Base: present(before), Again: true}
	for _, pull := range pulls {
		if pull.HeadSHA == head {
			t.Base, t.Pull = present(pull.BaseSHA), pull.Number
			break
		}
	}
	return t
}

func planInstallation(e *webhook.Installation) plan {
	switch e.Action {
	case "deleted":
		return plan{Note: "uninstalled: what belongs to it is deleted, unless it comes back soon", Uninstalled: true}
	case "created":
		return plan{
			Note: fmt.Sprintf("installed on %d repositories", len(e.Repositories)), Installed: &e.Account,
			Granted: grantedBy(e), Know: e.Repositories, Reconcile: true,
		}
	case "suspend":
		return plan{Note: "suspended", Installed: &e.Account, Suspended: true}
	case "unsuspend", "new_permissions_accepted":
		return plan{Note: e.Action, Installed: &e.Account, Granted: grantedBy(e), Reconcile: true}
	}
	return unused(e.Action)
}

func grantedBy(e *webhook.Installation) *github.Installation {
	return &github.Installation{
		Grant: github.Grant{Permissions: e.Permissions, Events: e.Events},
		ID:    e.InstallationID, AccountID: e.Account.ID, Account: e.Account.Login, SettingsURL: e.SettingsURL,
	}
}

func planRepositoryChange(e *webhook.RepositoryChange) plan {
	p := plan{Note: "repository " + e.Action, Stated: true}
	switch e.Action {
	case "deleted":
		p.Forget = []int64{e.Repository.ID}
	case "publicized", "unarchived":
		p.Know = known(e.Common)
		p.Backfill, p.Public = p.Know, e.Action == "publicized"
	case "renamed", "transferred", "privatized", "archived", "edited":
		p.Know = known(e.Common)
	default:
		return unused(e.Action)
	}
	return p
}

func scanning(t *read.Task, about webhook.Common) plan {
	return plan{Scan: t, Know: known(about)}
}

func unused(action string) plan {
	return plan{Note: fmt.Sprintf("ignored: action %q asks for nothing", action)}
}

func known(about webhook.Common) []webhook.Repository {
	if about.Repository.ID == 0 {
		return nil
	}
	return []webhook.Repository{about.Repository}
}

func repositoryOf(about webhook.Common) github.Repository {
	return github.Repository{
		Installation: about.InstallationID, ID: about.Repository.ID,
		Owner: about.Repository.Owner, Name: about.Repository.Name,
	}
}

// present turns the object id that stands for none into "".
func present(sha string) string {
	if sha == webhook.ZeroSHA {
		return ""
	}
	return sha
}
