package webhook

import (
	"path"
	"slices"
	"strings"
)

type pushPayload struct {
	envelope
	Ref     rawString `json:"ref"`
	Before  string    `json:"before"`
	After   string    `json:"after"`
	Deleted bool      `json:"deleted"`
	Forced  bool      `json:"forced"`
	Commits []struct {
		ID       string   `json:"id"`
		Distinct bool     `json:"distinct"`
		Added    []string `json:"added"`
		Modified []string `json:"modified"`
		Removed  []string `json:"removed"`
	} `json:"commits"`
	HeadCommit *struct {
		ID string `json:"id"`
	} `json:"head_commit"`
	Pusher struct {
		Name string `json:"name"`
	} `json:"pusher"`
}

func (p pushPayload) event(c *checks) Event {
	c.present("ref", p.Ref != "")
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	push := &Push{
		Common:  p.common(),
		Ref:     string(p.Ref),
		Before:  c.sha("before", p.Before),
		After:   c.sha("after", p.After),
		Deleted: p.Deleted,
		Forced:  p.Forced,
	}
	push.NamesPackages = len(p.Commits) >= maxListed
	for _, commit := range p.Commits {
		if isObjectID(commit.ID) {
			push.Commits = append(push.Commits, commit.ID)
			if commit.Distinct {
				push.Distinct = append(push.Distinct, commit.ID)
			}
		}
		for name := range slices.Values(slices.Concat(commit.Added, commit.Modified, commit.Removed)) {
			if strings.HasPrefix(name, ".github/") && !slices.Contains(push.DotGitHub, name) {
				push.DotGitHub = append(push.DotGitHub, name)
			}
			push.NamesPackages = push.NamesPackages || NamesPackages(name)
		}
	}
	// A deploy key pushes with the name of whoever added it, or as "deploy-key"; only the sender is an account.
	if p.Pusher.Name == push.Sender.Login {
		push.PusherLogin = push.Sender.Login
	}
	if p.HeadCommit != nil {
		push.HeadCommitID = c.optionalSHA("head_commit.id", p.HeadCommit.ID)
	}
	return push
}

// maxListed is how many commits GitHub lists of a push at most.
const maxListed = 2048

// NamesPackages reports whether a file of that name says which packages its project uses.
func NamesPackages(name string) bool {
	switch name = path.Base(name); name {
	case "package.json", "go.mod", "pyproject.toml", "Pipfile", "Gemfile", "composer.json":
		return true
	}
	return strings.HasPrefix(name, "requirements") && strings.HasSuffix(name, ".txt")
}

type pullRequestPayload struct {
	envelope
	Number      int `json:"number"`
	PullRequest struct {
		postNode
		Head        endNode `json:"head"`
		Base        endNode `json:"base"`
		Association string  `json:"author_association"`
	} `json:"pull_request"`
	Changes struct {
		formerNode
		Base *struct{} `json:"base"`
	} `json:"changes"`
}

func (p pullRequestPayload) event(c *checks) Event {
	c.present("number", p.Number != 0)
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	head, base := p.PullRequest.Head, p.PullRequest.Base
	return &PullRequest{
		Common:      p.common(),
		Number:      p.Number,
		HeadSHA:     c.sha("pull_request.head.sha", head.SHA),
		HeadRef:     string(head.Ref),
		BaseSHA:     c.sha("pull_request.base.sha", base.SHA),
		BaseRef:     string(base.Ref),
		NewBase:     p.Changes.Base != nil,
		Author:      p.PullRequest.User.account(),
		Association: p.PullRequest.Association,
		Fork:        head.Repo == nil || p.Repository == nil || head.Repo.ID != p.Repository.ID,
		NodeID:      p.PullRequest.NodeID,
		URL:         p.PullRequest.URL,
		Title:       p.PullRequest.Title,
		Body:        p.PullRequest.Body,
		Former:      p.Changes.former(),
		Updated:     p.PullRequest.Updated.Time,
	}
}

type mergeGroupPayload struct {
	envelope
	MergeGroup struct {
		HeadSHA string    `json:"head_sha"`
		HeadRef rawString `json:"head_ref"`
		BaseSHA string    `json:"base_sha"`
	} `json:"merge_group"`
}

func (p mergeGroupPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	return &MergeGroup{
		Common:  p.common(),
		HeadSHA: c.sha("merge_group.head_sha", p.MergeGroup.HeadSHA),
		HeadRef: string(p.MergeGroup.HeadRef),
		BaseSHA: c.sha("merge_group.base_sha", p.MergeGroup.BaseSHA),
	}
}

type checkRunPayload struct {
	envelope
	CheckRun struct {
		ID           int64                 `json:"id"`
		HeadSHA      string                `json:"head_sha"`
		ExternalID   string                `json:"external_id"`
		App          *appNode              `json:"app"`
		PullRequests []pullRequestEndsNode `json:"pull_requests"`
		Suite        struct {
			Before string `json:"before"`
		} `json:"check_suite"`
	} `json:"check_run"`
	RequestedAction *struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
}

func (p checkRunPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("check_run.id", p.CheckRun.ID != 0)
	run := &CheckRun{
		Common:       p.common(),
		ID:           p.CheckRun.ID,
		HeadSHA:      c.sha("check_run.head_sha", p.CheckRun.HeadSHA),
		AppID:        p.CheckRun.App.id(),
		ExternalID:   p.CheckRun.ExternalID,
		Before:       beforeOf(p.CheckRun.Suite.Before),
		PullRequests: pullRequestEnds(c, p.CheckRun.PullRequests),
	}
	if p.RequestedAction != nil {
		run.RequestedAction = p.RequestedAction.Identifier
	}
	return run
}

type checkSuitePayload struct {
	envelope
	CheckSuite struct {
		HeadSHA      string                `json:"head_sha"`
		Before       string                `json:"before"`
		App          *appNode              `json:"app"`
		PullRequests []pullRequestEndsNode `json:"pull_requests"`
	} `json:"check_suite"`
}

func (p checkSuitePayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	return &CheckSuite{
		Common:       p.common(),
		HeadSHA:      c.sha("check_suite.head_sha", p.CheckSuite.HeadSHA),
		Before:       beforeOf(p.CheckSuite.Before),
		AppID:        p.CheckSuite.App.id(),
		PullRequests: pullRequestEnds(c, p.CheckSuite.PullRequests),
	}
}

// beforeOf is what a check suite says was there before its push; "" where it does not say.
func beforeOf(id string) string {
	if !isObjectID(id) {
		return ""
	}
	return id
}
