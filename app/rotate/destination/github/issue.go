package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Issue is an issue, as far as it is of interest here.
type Issue struct {
	Title    string
	Body     string
	State    string // open, closed
	Reason   string // why it was closed: completed, not_planned, duplicate; "" where nobody said
	Author   string // a login; that of an App ends in [bot]
	Comments int
	URL      string // of its page
}

func issuePath(repo destination.Repository, number int) string {
	return fmt.Sprintf("/repos/%s/%s/issues/%d", url.PathEscape(repo.Owner), url.PathEscape(repo.Name), number)
}

// Issue reads an issue. Errors are [Problem]s where a person can do something.
func (s *Session) Issue(ctx context.Context, repo destination.Repository, number int) (Issue, error) {
	var got struct {
		Title    string `json:"title"`
		Body     string `json:"body"`
		State    string `json:"state"`
		Reason   string `json:"state_reason"`
		Comments int    `json:"comments"`
		URL      string `json:"html_url"`
		User     struct {
			Login string `json:"login"`
		} `json:"user"`
	}
	err := s.api.Do(ctx, destination.Request{
		Method: http.MethodGet, Path: issuePath(repo, number), Doing: fmt.Sprintf("read issue %s#%d", repo, number),
	}, &got)
	if err != nil {
		return Issue{}, s.explain(err)
	}
	return Issue{got.Title, got.Body, got.State, got.Reason, got.User.Login, got.Comments, got.URL}, nil
}

// Comment comments on an issue, once: where the answer was lost it looks whether the comment is there before it tries again.
func (s *Session) Comment(ctx context.Context, repo destination.Repository, number int, text string) error {
	before, err := s.Issue(ctx, repo, number)
	if err != nil {
		return err
	}
	post := destination.Request{
		Method: http.MethodPost, Path: issuePath(repo, number) + "/comments", Body: map[string]string{"body": text},
		Doing: fmt.Sprintf("comment on issue %s#%d", repo, number),
	}
	err = s.api.Once(ctx, post, nil)
	if errors.Is(err, destination.ErrUnavailable) {
		said, asked := s.said(ctx, repo, number, before.Comments, text)
		switch {
		case asked == nil && said:
			return nil
		case asked == nil:
			err = s.api.Once(ctx, post, nil)
		}
	}
	return s.explain(err)
}

// said reports whether this person's comment is among those behind the first so many.
func (s *Session) said(ctx context.Context, repo destination.Repository, number, before int, text string) (bool, error) {
	var comments []struct {
		Body string `json:"body"`
		User struct {
			Login string `json:"login"`
		} `json:"user"`
	}
	err := s.api.Do(ctx, destination.Request{
		Method: http.MethodGet, Path: issuePath(repo, number) + "/comments", Doing: fmt.Sprintf("read the comments on issue %s#%d", repo, number),
		Query: url.Values{"per_page": {"1"}, "page": {strconv.Itoa(before + 1)}},
	}, &comments)
	for _, c := range comments {
		if c.Body == text && (s.login == "" || strings.EqualFold(c.User.Login, s.login)) {
			return true, nil
		}
	}
	return false, err //nolint:wrapcheck // says it all
}

var (
	ownerName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
)

// isRepository reports whether owner and name may be those of a repository on GitHub.
func isRepository(owner, name string) bool {
	return ownerName.MatchString(owner) && repositoryName.MatchString(name) && name != "." && name != ".."
}

// ParseIssueLink reads the address of an issue's page.
func ParseIssueLink(link string) (destination.Repository, int, error) {
	wrong := fmt.Errorf("%.200q is not the link of an issue on GitHub: it looks like https://github.com/acme/shop/issues/12", link)
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.User != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Host)) {
		return destination.Repository{}, 0, wrong
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 4 || parts[2] != "issues" || !isRepository(parts[0], parts[1]) {
		return destination.Repository{}, 0, wrong
	}
	number, err := strconv.Atoi(parts[3])
	if err != nil || number < 1 {
		return destination.Repository{}, 0, wrong
	}
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	return destination.Repository{Host: host, Owner: parts[0], Name: parts[1]}, number, nil
}
