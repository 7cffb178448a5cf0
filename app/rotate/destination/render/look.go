package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Look finds the variables of the services that are built from the repository or that its render.yaml names, and of the groups linked to them.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	because, sure := sign(p)
	if because == "" {
		return destination.Survey{}
	}
	s := destination.Survey{Used: sure, Because: because}
	api, problem := d.logIn()
	if problem != nil {
		s.Problems = append(s.Problems, *problem)
		return s
	}
	user, err := api.user(ctx)
	if err == nil {
		var all, mine []service
		all, err = api.services(ctx)
		mine = belonging(all, p)
		s.Account = account(ctx, api, user, mine)
		return survey{api: api, ask: p, services: mine}.look(ctx, s, err)
	}
	s.Problems = append(s.Problems, advice.Problem(err))
	return s
}

// sign is what shows that a repository may be deployed to Render.
func sign(p destination.Project) (because string, sure bool) {
	if files := p.Named("render.yaml", "render.yml"); len(files) > 0 {
		return files[0], true
	}
	for _, file := range p.Files.List() {
		if !strings.HasPrefix(file, ".github/workflows/") {
			continue
		}
		text, _ := p.Files.Read(file)
		for _, trace := range []string{"api.render.com", "RENDER_API_KEY", "RENDER_SERVICE", "RENDER_DEPLOY"} {
			if strings.Contains(string(text), trace) {
				return file, false
			}
		}
	}
	return "", false
}

// belonging are the services that are built from the repository, and those without a repository whose names render.yaml has.
func belonging(all []service, p destination.Project) []service {
	names := named(p)
	return slices.DeleteFunc(slices.Clone(all), func(s service) bool {
		if s.Repo != "" && !p.Repository.IsZero() {
			return !same(s.Repo, p.Repository)
		}
		return !slices.Contains(names, s.Name)
	})
}

func same(address string, r destination.Repository) bool {
	return strings.EqualFold(strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".git"), "https://"+r.Host+"/"+r.String())
}

// named are the names of services in render.yaml, those of its projects' environments too.
func named(p destination.Project) []string {
	type blueprint struct {
		Services []struct {
			Name string `yaml:"name"`
		} `yaml:"services"`
	}
	var file struct {
		blueprint `yaml:",inline"`

		Projects []struct {
			Environments []blueprint `yaml:"environments"`
		} `yaml:"projects"`
	}
	for _, name := range p.Named("render.yaml", "render.yml") {
		if text, ok := p.Files.Read(name); ok && yaml.Unmarshal(text, &file) == nil {
			break
		}
	}
	all := []blueprint{file.blueprint}
	for _, project := range file.Projects {
		all = append(all, project.Environments...)
	}
	var names []string
	for _, b := range all {
		for _, s := range b.Services {
			names = append(names, s.Name)
		}
	}
	return names
}

func account(ctx context.Context, api *api, user string, mine []service) string {
	var names []string
	for _, owner := range owners(mine) {
		name, _ := api.owner(ctx, owner) // for people: without it, it is called by its id
		names = append(names, cmp.Or(name, owner))
	}
	if len(names) == 0 {
		return user
	}
	return fmt.Sprintf("%s (workspace %s)", cmp.Or(user, "this login"), strings.Join(names, ", "))
}

// owners are the workspaces that the services are in.
func owners(mine []service) []string {
	var owners []string
	for _, s := range mine {
		if s.Owner != "" && !slices.Contains(owners, s.Owner) {
			owners = append(owners, s.Owner)
		}
	}
	return owners
}

// survey looks at the services of a repository.
type survey struct {
	api      *api
	ask      destination.Project
	services []service
}

func (v survey) look(ctx context.Context, s destination.Survey, err error) destination.Survey {
	switch {
	case err != nil:
		s.Problems = append(s.Problems, advice.Problem(err))
		if !errors.Is(err, destination.ErrMore) || len(v.services) == 0 {
			return s
		}
	case len(v.services) > 0 && !s.Used:
		s.Used, s.Because = true, "Render builds "+v.ask.Repository.String()
	case len(v.services) == 0 && s.Used:
		s.Problems = append(s.Problems, destination.Problem{
			What: "no service on Render that " + cmp.Or(s.Account, "this login") + " can see is built from this repository",
			Next: "log in with an account of the workspace that owns it: render login, then render workspace set",
		})
		return s
	}
	add := func(p destination.Place, at address) {
		for _, variable := range v.ask.Variables {
			at.key = variable
			value, ok, err := v.api.value(ctx, at)
			if err != nil {
				s.Problems = append(s.Problems, advice.Problem(err))
				return
			}
			if ok {
				p.Driver, p.ID, p.Variable, p.Holding = name, at.id(), variable, v.ask.Judge(value)
				s.Places = append(s.Places, p)
			}
		}
	}
	for _, one := range v.services {
		add(destination.Place{Title: "Render service " + one.Name, Unit: unit([]service{one}), Note: v.note(one)}, address{holder: services + "/" + one.ID})
	}
	linked, err := v.groups(ctx)
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
	}
	for _, g := range linked {
		users, err := v.users(ctx, g)
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
			continue
		}
		add(destination.Place{Title: "Render environment group " + g.Name, Unit: unit(users), Note: v.groupNote(users)}, address{holder: groups + "/" + g.ID})
	}
	return s
}

// groups are those that one of the services is linked to.
func (v survey) groups(ctx context.Context) (linked []group, more error) {
	for _, owner := range owners(v.services) {
		all, err := v.api.groups(ctx, owner)
		if err != nil && !errors.Is(err, destination.ErrMore) {
			return linked, err
		}
		more = errors.Join(more, err)
		for _, g := range all {
			if slices.ContainsFunc(v.services, func(s service) bool { return g.has(s.ID) }) {
				linked = append(linked, g)
			}
		}
	}
	return linked, more
}

func (g group) has(service string) bool {
	for _, l := range g.Links {
		if l.ID == service {
			return true
		}
	}
	return false
}

// users are the services that a group is linked to, those of other repositories too.
func (v survey) users(ctx context.Context, g group) ([]service, error) {
	var users []service
	for _, l := range g.Links {
		i := slices.IndexFunc(v.services, func(s service) bool { return s.ID == l.ID })
		if i >= 0 {
			users = append(users, v.services[i])
			continue
		}
		other, err := v.api.service(ctx, l.ID)
		if err != nil {
			return nil, err
		}
		users = append(users, other)
	}
	return users, nil
}

func (v survey) note(s service) string {
	for _, other := range v.services {
		if other.ID != s.ID && other.Branch != s.Branch {
			return fmt.Sprintf("Services of several branches are built from this repository: this one is of branch %s.", s.Branch)
		}
	}
	return ""
}

func (v survey) groupNote(users []service) string {
	var others []string
	for _, u := range users {
		if !slices.ContainsFunc(v.services, func(s service) bool { return s.ID == u.ID }) {
			others = append(others, u.Name)
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("The group is also used outside this repository, by %s.", strings.Join(others, ", "))
}
