package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// secret is one as lists show it.
type secret struct {
	Name       string    `json:"name"`
	Updated    time.Time `json:"updated_at"`
	Visibility string    `json:"visibility"` // of an organisation's: all, private, selected
}

// page is one of any list that is read here.
type page struct {
	Secrets      []secret `json:"secrets"`
	Environments []struct {
		Name string `json:"name"`
	} `json:"environments"`
	Repositories []struct {
		ID int64 `json:"id"`
	} `json:"repositories"`
}

const (
	pageSize = 100
	maxPages = 100
)

// pages reads a list. take returns how many items a page has.
func (s *Session) pages(ctx context.Context, path, doing string, take func(page) int) error {
	for n := range maxPages {
		var p page
		err := s.api.Do(ctx, destination.Request{
			Method: http.MethodGet, Path: path, Doing: doing,
			Query: url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(n + 1)}},
		}, &p)
		if err != nil {
			return err //nolint:wrapcheck // says it all
		}
		if take(p) < pageSize {
			return nil
		}
	}
	return fmt.Errorf("%s on GitHub: there are more than %d", doing, pageSize*maxPages)
}

// secrets lists those of a store.
func (s *Session) secrets(ctx context.Context, path, doing string) ([]secret, error) {
	var all []secret
	err := s.pages(ctx, path, doing, func(p page) int {
		all = append(all, p.Secrets...)
		return len(p.Secrets)
	})
	return all, err
}

// environments lists those of a repository.
func (s *Session) environments(ctx context.Context, repo string) ([]string, error) {
	var all []string
	err := s.pages(ctx, repo+"/environments", "list the environments", func(p page) int {
		for _, e := range p.Environments {
			all = append(all, e.Name)
		}
		return len(p.Environments)
	})
	return all, err
}
