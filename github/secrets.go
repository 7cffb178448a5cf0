package github

import (
	"context"
	"net/url"
	"time"
)

// Secret is a secret of GitHub Actions. Nobody can read its value.
type Secret struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time // when its value was set last
}

// Secrets lists the secrets of the repository's Actions, those of environments and of the organisation apart. It needs [SecretsAccess].
func (c *Client) Secrets(ctx context.Context) ([]Secret, error) {
	return c.secrets(ctx, "list secrets", c.path("/actions/secrets"))
}

// OrganizationSecrets lists the organisation's secrets that the repository's Actions get. It needs [SecretsAccess].
func (c *Client) OrganizationSecrets(ctx context.Context) ([]Secret, error) {
	return c.secrets(ctx, "list the organization's secrets", c.path("/actions/organization-secrets"))
}

// EnvironmentSecrets lists the secrets of an environment. It needs [EnvironmentsAccess]. [ErrNotFound]: there is no such environment.
func (c *Client) EnvironmentSecrets(ctx context.Context, environment string) ([]Secret, error) {
	return c.secrets(ctx, "list an environment's secrets", c.path("/environments/")+url.PathEscape(environment)+"/secrets")
}

func (c *Client) secrets(ctx context.Context, op, path string) ([]Secret, error) {
	if c.wrong != nil {
		return nil, &Error{Op: op, About: "GitHub", Err: c.wrong}
	}
	type page struct {
		Secrets []struct {
			Name      string    `json:"name"`
			CreatedAt time.Time `json:"created_at"`
			UpdatedAt time.Time `json:"updated_at"`
		} `json:"secrets"`
	}
	var list []Secret
	err := eachPage(ctx, c.calls, op, path+"?per_page=100", func(p page) bool {
		for _, s := range p.Secrets {
			list = append(list, Secret{Name: s.Name, CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC()})
		}
		return true
	})
	return list, err
}
