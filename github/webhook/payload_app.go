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

type authorizationPayload struct{ envelope }

func (p authorizationPayload) event(c *checks) Event {
	c.present("sender.id", p.Sender != nil && p.Sender.ID != 0)
	return &Authorization{Common: p.common()}
}

type repositoryPayload struct {
	envelope
}

func (p repositoryPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	return &RepositoryChange{p.common()}
}

type issueNode struct {
	Number      int       `json:"number"`
	Body        string    `json:"body"`
	PullRequest *struct{} `json:"pull_request"`
	App         *appNode  `json:"performed_via_github_app"`
}

func (n issueNode) issue(c *checks) Issue {
	c.present("issue.number", n.Number != 0)
	return Issue{Number: n.Number, Body: n.Body, PullRequest: n.PullRequest != nil, AppID: n.App.id()}
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
		ID   int64        `json:"id"`
		Body string       `json:"body"`
		User *accountNode `json:"user"`
		App  *appNode     `json:"performed_via_github_app"`
	} `json:"comment"`
}

func (p issueCommentPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("comment.id", p.Comment.ID != 0)
	return &IssueComment{
		Common:    p.common(),
		Issue:     p.Issue.issue(c),
		CommentID: p.Comment.ID,
		Body:      p.Comment.Body,
		Author:    p.Comment.User.account(),
		AppID:     p.Comment.App.id(),
	}
}

type secretScanningPayload struct {
	envelope
	Alert struct {
		Number int    `json:"number"`
		Type   string `json:"secret_type"`
		Name   string `json:"secret_type_display_name"`
	} `json:"alert"`
	Location *struct{} `json:"location"`
}

func (p secretScanningPayload) event(c *checks) Event {
	c.present("repository.id", p.Repository != nil && p.Repository.ID != 0)
	c.present("alert.number", p.Alert.Number != 0)
	return &SecretScanningAlert{
		Common: p.common(), Number: p.Alert.Number, Type: p.Alert.Type, Name: p.Alert.Name, Location: p.Location != nil,
	}
}

type pingPayload struct {
	envelope
}

func (p pingPayload) event(*checks) Event {
	return &Ping{p.common()}
}
