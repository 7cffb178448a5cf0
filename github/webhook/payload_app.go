package webhook

type installationPayload struct {
	envelope
	Repositories []repositoryNode `json:"repositories"`
}

func (p installationPayload) event(c *checks) Event {
	c.present("installation.id", p.Installation != nil && p.Installation.ID != 0)
	event := &Installation{
		Common:       p.common(),
		Account:      p.Installation.account(),
		Repositories: repositories(p.Repositories),
	}
	if p.Installation != nil {
		event.Permissions, event.Events, event.SettingsURL = p.Installation.Permissions, p.Installation.Events, p.Installation.HTMLURL
	}
	return event
}

type installationRepositoriesPayload struct {
	envelope
	Added   []repositoryNode `json:"repositories_added"`
	Removed []repositoryNode `json:"repositories_removed"`
}

func (p installationRepositoriesPayload) event(c *checks) Event {
	c.present("installation.id", p.Installation != nil && p.Installation.ID != 0)
	return &InstallationRepositories{
		Common:  p.common(),
		Account: p.Installation.account(),
		Added:   repositories(p.Added),
		Removed: repositories(p.Removed),
	}
}

type installationTargetPayload struct {
	envelope
	Account *accountNode `json:"account"`
	Changes struct {
		Login fromNode `json:"login"`
		Slug  fromNode `json:"slug"`
	} `json:"changes"`
}

// fromNode is what a field was before.
type fromNode struct {
	From rawString `json:"from"`
}

func (p installationTargetPayload) event(c *checks) Event {
	c.present("installation.id", p.Installation != nil && p.Installation.ID != 0)
	from := p.Changes.Login.From
	if from == "" {
		from = p.Changes.Slug.From
	}
	return &InstallationTarget{Common: p.common(), Account: p.Account.account(), LoginFrom: string(from)}
}

type repositoryPayload struct {
	envelope
	Changes struct {
		Repository struct {
			Name fromNode `json:"name"`
		} `json:"repository"`
		Owner struct {
			From struct {
				User         *accountNode `json:"user"`
				Organization *accountNode `json:"organization"`
			} `json:"from"`
		} `json:"owner"`
		DefaultBranch fromNode `json:"default_branch"`
	} `json:"changes"`
}

func (p repositoryPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	change := &RepositoryChange{
		Common:            p.common(),
		NameFrom:          string(p.Changes.Repository.Name.From),
		OwnerFrom:         p.Changes.Owner.From.User.account(),
		DefaultBranchFrom: string(p.Changes.DefaultBranch.From),
	}
	if organization := p.Changes.Owner.From.Organization; organization != nil {
		change.OwnerFrom = organization.account()
	}
	return change
}

type issueNode struct {
	ID          int64        `json:"id"`
	Number      int          `json:"number"`
	Body        string       `json:"body"`
	User        *accountNode `json:"user"`
	Association string       `json:"author_association"`
	State       string       `json:"state"`
	StateReason string       `json:"state_reason"`
	PullRequest *struct{}    `json:"pull_request"`
	App         *appNode     `json:"performed_via_github_app"`
}

func (n issueNode) issue(c *checks) Issue {
	c.present("issue.number", n.Number != 0)
	return Issue{
		ID:          n.ID,
		Number:      n.Number,
		Body:        n.Body,
		Author:      n.User.account(),
		Association: n.Association,
		State:       n.State,
		StateReason: n.StateReason,
		PullRequest: n.PullRequest != nil,
		AppID:       n.App.id(),
	}
}

type issuesPayload struct {
	envelope
	Issue   issueNode `json:"issue"`
	Changes struct {
		NewIssue *struct {
			Number int    `json:"number"`
			URL    string `json:"html_url"`
		} `json:"new_issue"`
		NewRepository *repositoryNode `json:"new_repository"`
	} `json:"changes"`
}

func (p issuesPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	issues := &Issues{Common: p.common(), Issue: p.Issue.issue(c)}
	if moved := p.Changes; moved.NewIssue != nil && moved.NewRepository != nil {
		issues.MovedTo, issues.MovedNumber, issues.MovedURL = moved.NewRepository.repository(), moved.NewIssue.Number, moved.NewIssue.URL
	}
	return issues
}

type issueCommentPayload struct {
	envelope
	Issue   issueNode `json:"issue"`
	Comment struct {
		ID          int64        `json:"id"`
		Body        string       `json:"body"`
		User        *accountNode `json:"user"`
		Association string       `json:"author_association"`
		App         *appNode     `json:"performed_via_github_app"`
	} `json:"comment"`
}

func (p issueCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &IssueComment{
		Common:      p.common(),
		Issue:       p.Issue.issue(c),
		CommentID:   p.Comment.ID,
		Body:        p.Comment.Body,
		Author:      p.Comment.User.account(),
		Association: p.Comment.Association,
		AppID:       p.Comment.App.id(),
	}
}

type pingPayload struct {
	envelope
	HookID int64 `json:"hook_id"`
	Hook   struct {
		AppID int64 `json:"app_id"`
	} `json:"hook"`
}

func (p pingPayload) event(*checks) Event {
	return &Ping{Common: p.common(), HookID: p.HookID, AppID: p.Hook.AppID}
}
