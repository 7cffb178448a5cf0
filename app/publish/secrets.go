package publish

import (
	"context"
	"errors"
	"time"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/guide"
)

// maxEnvironments is of how many environments the secrets are listed, one request each; those of the repository and of the organisation take
// one each, for each hundred of them.
const maxEnvironments = 5

// secretsUpdated asks when the secrets of GitHub Actions that a leak's steps are about were last set. Of those that the App may not see it
// returns nothing. A job gets its environment's secret before the repository's, and that before the organisation's: of a job with an environment
// whose secrets the App may not see, nothing is known.
func (w *Worker) secretsUpdated(ctx context.Context, f issueFacts) (map[guide.Secret]time.Time, error) {
	wanted := f.ActionsSecrets(ctx)
	if len(wanted) == 0 {
		return nil, nil
	}
	seen := seenSecrets{lists: map[string]secretList{}, ask: func(kind, environment string) ([]github.Secret, error) {
		client := w.GitHub.Repository(record.Target(f.source), github.SecretsAccess)
		switch kind {
		case ofRepository:
			return client.Secrets(ctx)
		case ofOrganization:
			return client.OrganizationSecrets(ctx)
		}
		return w.GitHub.Repository(record.Target(f.source), github.EnvironmentsAccess).EnvironmentSecrets(ctx, environment)
	}}
	updated := map[guide.Secret]time.Time{}
	for _, s := range wanted {
		at, known, err := seen.updated(s)
		if err != nil {
			return nil, err
		}
		if known {
			updated[s] = at
		}
	}
	return updated, nil
}

// Where secrets are.
const (
	ofRepository   = "repository"
	ofOrganization = "organization"
	ofEnvironment  = "environment"
)

// seenSecrets are lists of secrets, each asked for once.
type seenSecrets struct {
	ask          func(kind, environment string) ([]github.Secret, error)
	lists        map[string]secretList
	environments int
}

// secretList is when secrets were set; unknown is one that the App may not see.
type secretList struct {
	updated map[string]time.Time
	unknown bool
}

func (l *seenSecrets) list(kind, environment string) (secretList, error) {
	key := kind + " " + environment
	if list, asked := l.lists[key]; asked {
		return list, nil
	}
	list := secretList{updated: map[string]time.Time{}}
	all, err := l.ask(kind, environment)
	switch {
	case errors.Is(err, github.ErrNotFound) && kind == ofEnvironment: // there is no such environment: it has no secrets
	case errors.Is(err, github.ErrForbidden), errors.Is(err, github.ErrNotFound), github.Refused(err):
		list.unknown = true
	case err != nil:
		return secretList{}, err
	}
	for _, s := range all {
		list.updated[s.Name] = s.UpdatedAt
	}
	l.lists[key] = list
	return list, nil
}

// updated is when a secret was set that a workflow names; known is false where nobody can tell.
func (l *seenSecrets) updated(s guide.Secret) (at time.Time, known bool, err error) {
	kinds := []string{ofRepository, ofOrganization}
	if s.Environment != "" {
		if l.environments++; l.environments > maxEnvironments {
			return time.Time{}, false, nil
		}
		kinds = append([]string{ofEnvironment}, kinds...)
	}
	for _, kind := range kinds {
		environment := ""
		if kind == ofEnvironment {
			environment = s.Environment
		}
		list, err := l.list(kind, environment)
		if err != nil || list.unknown {
			return time.Time{}, false, err
		}
		if at, there := list.updated[s.Name]; there {
			return at, true, nil
		}
	}
	return time.Time{}, false, nil
}
