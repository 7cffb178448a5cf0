package github

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// maxIssuePages is how many pages of issues are looked through: 500 issues.
const maxIssuePages = 5

// OpenIssues goes through the open issues of a repository, the latest first, 500 at most, until take says that it has what it looked for.
func (s *Session) OpenIssues(ctx context.Context, repo destination.Repository, take func(number int, i Issue) (goOn bool)) error {
	for n := range maxIssuePages {
		var list []struct {
			Number int    `json:"number"`
			Title  string `json:"title"`
			Body   string `json:"body"`
			State  string `json:"state"`
			URL    string `json:"html_url"`
			User   struct {
				Login string `json:"login"`
			} `json:"user"`
		}
		err := s.api.Do(ctx, destination.Request{
			Method: http.MethodGet, Path: "/repos/" + url.PathEscape(repo.Owner) + "/" + url.PathEscape(repo.Name) + "/issues", Doing: "list the issues of " + repo.String(),
			Query: url.Values{"state": {"open"}, "per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(n + 1)}},
		}, &list)
		if err != nil {
			return s.explain(err)
		}
		for _, i := range list {
			if !take(i.Number, Issue{Title: i.Title, Body: i.Body, State: i.State, Author: i.User.Login, URL: i.URL}) {
				return nil
			}
		}
		if len(list) < pageSize {
			return nil
		}
	}
	return nil
}
