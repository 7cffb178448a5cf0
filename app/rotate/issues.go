package rotate

import (
	"context"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/respond/text"
)

// onGitHub reads and comments on issues with the person's own login.
type onGitHub struct {
	machine  *destination.Machine
	sessions map[string]*github.Session // by host
}

// NewIssues returns the issues on GitHub. It asks for no login before it needs one.
func NewIssues(m *destination.Machine) Issues { return &onGitHub{m, map[string]*github.Session{}} }

func (g *onGitHub) session(ctx context.Context, host string) (*github.Session, error) {
	if s := g.sessions[host]; s != nil {
		return s, nil
	}
	s, err := github.Login(ctx, g.machine, host)
	if err == nil {
		g.sessions[host] = s
	}
	return s, err
}

// Remote returns the repository on GitHub that gh would work on in this clone.
func (g *onGitHub) Remote(dir string) (destination.Repository, bool) {
	all, err := github.Remotes(g.machine, dir)
	if err != nil || len(all) == 0 {
		return destination.Repository{}, false
	}
	return all[0], true
}

// Issue reads an issue.
func (g *onGitHub) Issue(ctx context.Context, of destination.Repository, number int) (Issue, error) {
	s, err := g.session(ctx, of.Host)
	if err != nil {
		return Issue{}, err
	}
	i, err := s.Issue(ctx, of, number)
	return Issue{Title: i.Title, Body: i.Body, Closed: i.State == "closed"}, err
}

// Find looks among the open issues of Apps.
func (g *onGitHub) Find(ctx context.Context, of destination.Repository, fingerprint string) (Issue, int, error) {
	s, err := g.session(ctx, of.Host)
	if err != nil {
		return Issue{}, 0, err
	}
	var found Issue
	number := 0
	err = s.OpenIssues(ctx, of, func(n int, i github.Issue) (goOn bool) {
		_, mark, is := text.ParseMarker(i.Body)
		if is && strings.HasPrefix(mark, fingerprint) && strings.HasSuffix(i.Author, "[bot]") {
			found, number = Issue{Title: i.Title, Body: i.Body}, n
		}
		return number == 0
	})
	return found, number, err
}

// Comment comments once.
func (g *onGitHub) Comment(ctx context.Context, of destination.Repository, number int, text string) error {
	s, err := g.session(ctx, of.Host)
	if err != nil {
		return err
	}
	return s.Comment(ctx, of, number, text)
}
