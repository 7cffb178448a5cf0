package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// store is a list of secrets: its path in the API, and what they are, for people.
type store struct{ path, what string }

// lists are those that were read, by their paths.
type lists map[string]listed

type listed struct {
	secrets []secret
	err     error
}

const sideBySide = 4 // requests at a time: GitHub's second limit is on more than a few

// read reads lists side by side. After an error that the others would have too, no further one is read.
func (l lists) read(ctx context.Context, s *Session, stores []store) {
	got := make([]listed, len(stores))
	var next atomic.Int64
	var stop atomic.Bool
	var wait sync.WaitGroup
	for range min(sideBySide, len(stores)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(stores) && !stop.Load(); i = int(next.Add(1)) - 1 {
				got[i].secrets, got[i].err = s.secrets(ctx, stores[i].path, "list "+stores[i].what)
				if fatal(got[i].err) {
					stop.Store(true)
				}
			}
		})
	}
	wait.Wait()
	for i, at := range stores {
		l[at.path] = got[i]
	}
}

// fatal reports whether an error is one of all requests.
func fatal(err error) bool {
	return errors.Is(err, destination.ErrLogin) || errors.Is(err, destination.ErrUnavailable) || errors.Is(err, destination.ErrLimited)
}

// stores are all lists but those of environments.
func (l *look) stores() []store {
	var all []store
	for _, k := range kinds {
		all = append(all, store{l.repositoryStore(k), l.storeText(k, "")})
		if k.shared {
			all = append(all, store{l.sharedStore(k), l.sharedText(k)})
		} else if l.asksOrganisation(k) {
			all = append(all, store{l.organisationStore(k), l.ofOrganisationText(k)})
		}
	}
	return all
}

func (l *look) repositoryStore(k kind) string { return l.path + "/" + k.path + "/secrets" }

func (l *look) sharedStore(k kind) string { return l.path + "/" + k.path + "/organization-secrets" }

func (l *look) organisationStore(k kind) string {
	return "/orgs/" + url.PathEscape(l.repo.Owner) + "/" + k.path + "/secrets"
}

func (l *look) environmentStore(environment string) string {
	return l.path + "/environments/" + url.PathEscape(environment) + "/secrets"
}

func (l *look) storeText(k kind, environment string) string {
	if environment != "" {
		return fmt.Sprintf("the secrets of the environment %s of %s", environment, l.repo)
	}
	return fmt.Sprintf("the secrets of %s of %s", k.title, l.repo)
}

func (l *look) sharedText(k kind) string {
	return fmt.Sprintf("the secrets of %s of the organisation that may be used in %s", k.title, l.repo)
}

func (l *look) ofOrganisationText(k kind) string {
	return fmt.Sprintf("the secrets of %s of the organisation %s", k.title, l.repo.Owner)
}

// asksOrganisation reports whether an organisation is asked for its secrets of a kind. That takes the scope admin:org, which hardly any login has: without it
// they are asked for only where the repository shows that it uses such secrets.
func (l *look) asksOrganisation(k kind) bool {
	return l.repo.Account.Type == "Organization" && (l.flows.shows[k.path] || !l.session.lacks("admin:org"))
}

// shows reports whether it matters that a list may not be read: one of an organisation does only where the repository shows that it uses such secrets.
func (l *look) shows(path string) bool {
	for _, k := range kinds {
		if path == l.organisationStore(k) && strings.HasPrefix(path, "/orgs/") {
			return l.flows.shows[k.path]
		}
	}
	return true
}
