package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/rekey-app/rekey/respond"
)

const (
	perPage = 100
	// maxPages of a list are asked for: an installation reaches a hundred thousand repositories at most.
	maxPages = 1000
	// atOnce is how many pages are asked for at once.
	atOnce = 6
)

// person is GitHub's word on somebody.
type person struct {
	ID        int64
	Login     string
	Access    Access
	Installed int // installations where they may see something, those that are suspended left out
}

type repositoryAnswer struct {
	ID          int64 `json:"id"`
	Private     bool  `json:"private"`
	Permissions struct {
		Admin, Maintain, Push, Triage, Pull bool
	} `json:"permissions"`
}

// role is the strongest that the permissions say.
func (r repositoryAnswer) role() respond.Role {
	switch p := r.Permissions; {
	case p.Admin:
		return respond.RoleAdmin
	case p.Maintain:
		return respond.RoleMaintain
	case p.Push:
		return respond.RoleWrite
	case p.Triage:
		return respond.RoleTriage
	case p.Pull:
		return respond.RoleRead
	}
	return respond.RoleNone
}

// ask asks GitHub who a token's user is, and what they may see.
func (g *gitHub) ask(ctx context.Context, token string) (person, error) {
	var p person
	var user struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
	}
	if err := g.get(ctx, token, "/user", &user); err != nil {
		return p, err
	}
	if user.ID == 0 {
		return p, errors.New("GitHub names no user")
	}
	p.ID, p.Login = user.ID, user.Login
	installations, err := g.installations(ctx, token)
	if err != nil {
		return p, err
	}
	for _, id := range installations {
		repositories, err := g.repositories(ctx, token, id)
		if answered, ok := errors.AsType[*statusError](err); ok && answered.gone() {
			continue // removed or suspended a moment ago
		}
		if err != nil {
			return p, err
		}
		p.Installed++
		p.Access = append(p.Access, repositories...)
	}
	slices.SortFunc(p.Access, func(a, b Repository) int { return cmp.Compare(a.ID, b.ID) })
	p.Access = slices.CompactFunc(p.Access, func(a, b Repository) bool { return a.ID == b.ID })
	return p, nil
}

// installations lists those that are not suspended.
func (g *gitHub) installations(ctx context.Context, token string) ([]int64, error) {
	var ids []int64
	for page := 1; page <= maxPages; page++ {
		var answer struct {
			Installations []struct {
				ID          int64   `json:"id"`
				SuspendedAt *string `json:"suspended_at"`
			} `json:"installations"`
		}
		if err := g.get(ctx, token, fmt.Sprintf("/user/installations?per_page=%d&page=%d", perPage, page), &answer); err != nil {
			return nil, err
		}
		for _, in := range answer.Installations {
			if in.SuspendedAt == nil {
				ids = append(ids, in.ID)
			}
		}
		if len(answer.Installations) < perPage {
			break
		}
	}
	return ids, nil
}

// repositories lists what a user may do in an installation's repositories. The first page says how many there are.
func (g *gitHub) repositories(ctx context.Context, token string, installation int64) (Access, error) {
	first, total, err := g.page(ctx, token, installation, 1)
	if err != nil {
		return nil, err
	}
	pages := min((total+perPage-1)/perPage, maxPages)
	var mu sync.Mutex
	all := first
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for page := 2; page <= pages; page++ {
		group.Go(func() error {
			more, _, err := g.page(ctx, token, installation, page)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, more...)
			return err
		})
	}
	return all, group.Wait()
}

func (g *gitHub) page(ctx context.Context, token string, installation int64, page int) (Access, int, error) {
	var answer struct {
		Total        int                `json:"total_count"`
		Repositories []repositoryAnswer `json:"repositories"`
	}
	path := fmt.Sprintf("/user/installations/%d/repositories?per_page=%d&page=%d", installation, perPage, page)
	if err := g.get(ctx, token, path, &answer); err != nil {
		return nil, 0, err
	}
	list := make(Access, 0, len(answer.Repositories))
	for _, r := range answer.Repositories {
		if r.ID > 0 {
			list = append(list, Repository{ID: r.ID, Private: r.Private, Role: r.role()})
		}
	}
	return list, answer.Total, nil
}
