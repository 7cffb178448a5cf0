package webhook

import (
	"cmp"
	"strings"
)

// envelope holds what all payloads have in common. Nothing in it is always there.
type envelope struct {
	Action       string            `json:"action"`
	Installation *installationNode `json:"installation"`
	Repository   *repositoryNode   `json:"repository"`
	Sender       *accountNode      `json:"sender"`
}

func (e *envelope) common() Common {
	c := Common{Action: e.Action, Sender: e.Sender.account()}
	if e.Installation != nil {
		c.InstallationID = e.Installation.ID
	}
	if e.Repository != nil {
		c.Repository = e.Repository.repository()
	}
	return c
}

type installationNode struct {
	ID          int64             `json:"id"`
	Account     *accountNode      `json:"account"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
	HTMLURL     string            `json:"html_url"`
}

func (n *installationNode) account() Account {
	if n == nil {
		return Account{}
	}
	return n.Account.account()
}

type accountNode struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Slug  string `json:"slug"` // enterprises
	Name  string `json:"name"` // owners in some pushes
	Type  string `json:"type"`
}

func (n *accountNode) account() Account {
	if n == nil {
		return Account{}
	}
	kind := n.Type
	if kind == "" && n.Slug != "" {
		kind = "Enterprise"
	}
	return Account{ID: n.ID, Login: cmp.Or(n.Login, n.Slug, n.Name), Type: kind}
}

type repositoryNode struct {
	ID            int64        `json:"id"`
	Name          string       `json:"name"`
	FullName      string       `json:"full_name"`
	Owner         *accountNode `json:"owner"`
	DefaultBranch rawString    `json:"default_branch"`
	Private       bool         `json:"private"`
	Archived      bool         `json:"archived"`
}

func (n *repositoryNode) repository() Repository {
	owner, _, _ := strings.Cut(n.FullName, "/")
	return Repository{
		ID:            n.ID,
		Owner:         cmp.Or(n.Owner.account().Login, owner),
		Name:          n.Name,
		DefaultBranch: string(n.DefaultBranch),
		Private:       n.Private,
		Archived:      n.Archived,
	}
}

func repositories(nodes []repositoryNode) []Repository {
	if nodes == nil {
		return nil
	}
	list := make([]Repository, len(nodes))
	for i := range nodes {
		list[i] = nodes[i].repository()
	}
	return list
}

type appNode struct {
	ID int64 `json:"id"`
}

func (n *appNode) id() int64 {
	if n == nil {
		return 0
	}
	return n.ID
}

// endNode is the head or the base of a pull request.
type endNode struct {
	SHA  string          `json:"sha"`
	Ref  rawString       `json:"ref"`
	Repo *repositoryNode `json:"repo"`
}

type pullRequestEndsNode struct {
	Number int     `json:"number"`
	Head   endNode `json:"head"`
	Base   endNode `json:"base"`
}

func pullRequestEnds(c *checks, nodes []pullRequestEndsNode) []PullRequestEnds {
	var list []PullRequestEnds
	for _, n := range nodes {
		list = append(list, PullRequestEnds{
			Number:  n.Number,
			HeadSHA: c.sha("pull_requests.head.sha", n.Head.SHA),
			BaseSHA: c.sha("pull_requests.base.sha", n.Base.SHA),
		})
	}
	return list
}
