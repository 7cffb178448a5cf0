package vercel

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Look finds the variables of the projects that the clone is linked to, or that are deployed from the repository.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	links := linksIn(d.machine, p)
	because, sure := sign(p)
	if len(links) > 0 {
		because, sure = links[0].because, true
	}
	if because == "" {
		return destination.Survey{}
	}
	s := destination.Survey{Used: sure, Because: because}
	l, problem := d.logIn()
	if problem != nil {
		s.Problems = append(s.Problems, *problem)
		return s
	}
	user, err := l.api.user(ctx)
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
		return s
	}
	teams, unseen := l.api.teams(ctx)
	projects, problems := linked(ctx, l, links)
	named := len(projects)
	more, unfound := search(ctx, l, p, teams, unseen) // a repository may have more projects than one
	if len(links) == 0 {
		problems = unfound
	}
	for _, pr := range more {
		if !has(projects, pr.ID) {
			projects = append(projects, pr)
		}
	}
	s.Problems = problems
	s.Account = account(user, projects, teams)
	if len(projects) > 0 && !s.Used {
		s.Used, s.Because = true, "Vercel deploys "+p.Repository.String()
	}
	if !s.Used {
		return s
	}
	if len(projects) == 0 && len(problems) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: "no project on Vercel that " + orNobody(user) + " can see is deployed from this repository",
			Next: "run vercel link in the folder that is deployed, with the account or team that owns the project",
		})
	}
	for i, pr := range projects {
		places, problems := survey{api: l.api, project: pr, ask: p, alone: i < named || len(projects) == 1 && len(links) == 0}.look(ctx)
		s.Places, s.Problems = append(s.Places, places...), append(s.Problems, problems...)
	}
	return s
}

func linked(ctx context.Context, l *login, links []link) ([]project, []destination.Problem) {
	var projects []project
	var problems []destination.Problem
	for _, link := range links {
		pr, err := l.api.project(ctx, link.team, link.project)
		if err != nil {
			problem := advice.Problem(err)
			problem.What += " (" + link.because + " names it)"
			problems = append(problems, problem)
			continue
		}
		if link.team != "" {
			pr.Account = link.team
		}
		projects = append(projects, pr)
	}
	return projects, problems
}

func account(user string, projects []project, teams []team) string {
	var owners []string
	for _, p := range projects {
		owner := p.team()
		for _, t := range teams {
			if t.ID == owner && t.Slug != "" {
				owner = t.Slug
			}
		}
		if owner != "" && !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
	}
	if len(owners) == 0 {
		return user
	}
	return fmt.Sprintf("%s (%s)", orNobody(user), strings.Join(owners, ", "))
}

func orNobody(user string) string {
	if user == "" {
		return "this login"
	}
	return user
}

// survey looks at one project.
type survey struct {
	api     *api
	project project
	ask     destination.Project
	alone   bool // there is no doubt that it is meant
	custom  []environment
}

func (s survey) look(ctx context.Context) ([]destination.Place, []destination.Problem) {
	at := address{team: s.project.team(), project: s.project.ID}
	all, err := s.api.list(ctx, at)
	if err != nil {
		return nil, []destination.Problem{advice.Problem(err)}
	}
	var problems []destination.Problem
	if all.hidden > 0 {
		problems = append(problems, destination.Problem{
			What: fmt.Sprintf("project %s has %d production variables that this login may not see", s.project.Name, all.hidden),
			Next: "run it with the login of somebody who may",
		})
	}
	problems = append(problems, s.sharedOnes(ctx, at)...)
	entries := s.wanted(all.entries)
	if slices.ContainsFunc(entries, func(e entry) bool { return len(e.CustomIDs) > 0 }) {
		s.custom, _ = s.api.environments(ctx, at) // their names are for people: without them they are called by their ids
	}
	var places []destination.Place
	for _, e := range entries {
		switch {
		case e.Type == "system":
		case e.managed():
			problems = append(problems, destination.Problem{
				What: fmt.Sprintf("%s of project %s (%s) is managed by an integration, such as Clerk of Vercel's Marketplace", e.Key, s.project.Name, s.scopes(e)),
				Next: "rotate it there: in Vercel's dashboard open the integration's resource, then Settings, then Rotate Secrets; or https://vercel.com/kb/guide/how-to-reset-the-secrets-of-your-clerk-integration",
			})
		default:
			place, err := s.place(ctx, at, e)
			if err != nil { // it is not one that can't be read: what it holds decides
				problems = append(problems, advice.Problem(err))
				continue
			}
			places = append(places, place)
		}
	}
	return places, problems
}

// wanted are the entries of the variables that are looked for, those of the likeliest variable first.
func (s survey) wanted(entries []entry) []entry {
	var wanted []entry
	for _, e := range entries {
		if slices.Contains(s.ask.Variables, e.Key) {
			wanted = append(wanted, e)
		}
	}
	slices.SortStableFunc(wanted, func(a, b entry) int {
		if d := slices.Index(s.ask.Variables, a.Key) - slices.Index(s.ask.Variables, b.Key); d != 0 {
			return d
		}
		if pa, pb := slices.Contains(a.Target, "production"), slices.Contains(b.Target, "production"); pa != pb {
			if pa {
				return -1
			}
			return 1
		}
		return strings.Compare(a.ID, b.ID)
	})
	return wanted
}

// sharedOnes tells of the team's variables under these names: to write one would change every project that uses it.
func (s survey) sharedOnes(ctx context.Context, at address) []destination.Problem {
	if at.team == "" {
		return nil
	}
	shared, err := s.api.shared(ctx, at)
	if err != nil {
		return nil // a login for one project alone may not list them
	}
	var problems []destination.Problem
	for _, e := range s.wanted(shared) {
		if value, ok, _ := s.api.value(ctx, at, e, "/v1/env/"+url.PathEscape(e.ID)); ok && s.ask.Judge(value) != destination.Compromised {
			continue
		}
		problems = append(problems, destination.Problem{
			What: fmt.Sprintf("%s of project %s (%s) is a shared variable of the team, which other projects may use too", e.Key, s.project.Name, s.scopes(e)),
			Next: "change it in Vercel's dashboard: the team's Settings, then Environment Variables",
		})
	}
	return problems
}

func (s survey) place(ctx context.Context, at address, e entry) (destination.Place, error) {
	at.thing = e.ID
	p := destination.Place{
		Driver: name, ID: at.id(), Variable: e.Key, Title: fmt.Sprintf("Vercel project %s, %s", s.project.Name, s.scopes(e)),
		Updated: e.updated(), Holding: destination.Unreadable, Scope: scopeOf(e), Unit: s.unit(e),
	}
	value, ok, err := s.api.read(ctx, at, e)
	if err != nil {
		return p, err
	}
	if ok {
		p.Holding = s.ask.Judge(value)
	}
	if p.Holding == destination.Compromised && slices.Contains(e.Target, "production") {
		p.Scope = destination.Production
	}
	p.Note = s.note(e, p.Holding)
	return p, nil
}

func (s survey) note(e entry, h destination.Holding) string {
	environments := len(e.Target) + len(e.CustomIDs)
	switch {
	case environments > 1 && slices.Contains(e.Target, "production") && h == destination.Compromised:
		return fmt.Sprintf("This one entry is for %s: all of them have the compromised key, and all get the new one.", s.scopes(e))
	case environments > 1 && slices.Contains(e.Target, "production"):
		return fmt.Sprintf("This one entry is for %s: what is written counts for all of them, so a production key would be in previews too.", s.scopes(e))
	case !s.alone:
		return fmt.Sprintf("Several projects are deployed from this repository: check that %s is one that uses the key.", s.project.Name)
	}
	return ""
}

// scopeOf is "" for an entry that is for production and more, or for a custom environment: only its value shows what belongs there.
func scopeOf(e entry) destination.Scope {
	switch {
	case len(e.CustomIDs) > 0 || len(e.Target) == 0:
		return ""
	case !slices.Contains(e.Target, "production"):
		return destination.Scope(e.Target[0])
	case len(e.Target) == 1:
		return destination.Production
	}
	return ""
}

// scopes says for people which environments an entry is for.
func (s survey) scopes(e entry) string {
	names := slices.Clone([]string(e.Target))
	for _, id := range e.CustomIDs {
		names = append(names, s.slug(id))
	}
	text := strings.Join(names, ", ")
	if i := strings.LastIndex(text, ", "); i >= 0 {
		text = text[:i] + " and" + text[i+1:]
	}
	if e.GitBranch != "" {
		text += " of branch " + e.GitBranch
	}
	return text
}

func (s survey) slug(id string) string {
	for _, c := range s.custom {
		if c.ID == id {
			return c.Slug
		}
	}
	return id
}
