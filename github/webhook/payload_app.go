package webhook

import "cmp"

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
	From string `json:"from"`
}

func (p installationTargetPayload) event(c *checks) Event {
	c.present("installation.id", p.Installation != nil && p.Installation.ID != 0)
	from := cmp.Or(p.Changes.Login.From, p.Changes.Slug.From)
	return &InstallationTarget{Common: p.common(), Account: p.Account.account(), LoginFrom: from}
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
