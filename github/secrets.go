package github

import (
	"context"
	"time"
)

// Secret is a secret of a repository's GitHub Actions. Nobody can read its value.
type Secret struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time // when its value was set last
}

// Secrets lists the secrets of the repository's Actions, those of environments and of the organisation apart. It needs [SecretsAccess].
func (c *Client) Secrets(ctx context.Context) ([]Secret, error) {
	const op = "list secrets"
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
	err := eachPage(ctx, c.calls, op, c.path("/actions/secrets?per_page=100"), func(p page) bool {
		for _, s := range p.Secrets {
			list = append(list, Secret{Name: s.Name, CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC()})
		}
		return true
	})
	return list, err
}
