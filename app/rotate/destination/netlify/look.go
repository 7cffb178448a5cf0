package netlify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Look finds the variables of the sites that the clone is linked to, or that are built from the repository.
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
	api, problem := d.logIn()
	if problem != nil {
		s.Problems = append(s.Problems, *problem)
		return s
	}
	user, err := api.user(ctx)
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
		return s
	}
	sites, problems := linked(ctx, api, links)
	named := len(sites)
	more, unfound := search(ctx, api, p) // a repository may have more sites than one
	if len(links) == 0 {
		problems = unfound
	}
	for _, m := range more {
		if !slices.ContainsFunc(sites, func(s site) bool { return s.ID == m.ID }) {
			sites = append(sites, m)
		}
	}
	s.Problems, s.Account = problems, account(user, sites)
	if len(sites) > 0 && !s.Used {
		s.Used, s.Because = true, "Netlify builds "+p.Repository.String()
	}
	if s.Used && len(sites) == 0 && len(problems) == 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: "no site on Netlify that " + cmp.Or(user, "this login") + " can see is built from this repository",
			Next: "run netlify link in the folder that is deployed, with a user of the team that owns the site",
		})
	}
	for i, site := range sites {
		places, problems := survey{api: api, site: site, ask: p, alone: i < named || len(sites) == 1 && len(links) == 0}.look(ctx)
		s.Places, s.Problems = append(s.Places, places...), append(s.Problems, problems...)
	}
	return s
}

func account(user string, sites []site) string {
	var teams []string
	for _, s := range sites {
		if team := cmp.Or(s.AccountSlug, s.AccountName, s.AccountID); team != "" && !slices.Contains(teams, team) {
			teams = append(teams, team)
		}
	}
	if len(teams) == 0 {
		return user
	}
	return fmt.Sprintf("%s (team %s)", cmp.Or(user, "this login"), strings.Join(teams, ", "))
}

// survey looks at one site.
type survey struct {
	api   *api
	site  site
	ask   destination.Project
	alone bool // there is no doubt that it is meant
}

func (s survey) look(ctx context.Context) ([]destination.Place, []destination.Problem) {
	all, err := s.api.variables(ctx, s.site.account(), s.site.ID)
	if err != nil {
		return nil, []destination.Problem{advice.Problem(err)}
	}
	var places []destination.Place
	var problems []destination.Problem
	var shared []variable
	looked := false
	for _, name := range s.ask.Variables {
		i := slices.IndexFunc(all, func(v variable) bool { return v.Key == name })
		if i >= 0 {
			places = append(places, s.places(all[i])...)
			continue
		}
		if !looked { // a login that may not list them sees none
			shared, _ = s.api.variables(ctx, s.site.account(), "")
			looked = true
		}
		if i := slices.IndexFunc(shared, func(v variable) bool { return v.Key == name }); i >= 0 && s.mayHold(shared[i]) {
			problems = append(problems, destination.Problem{
				What: fmt.Sprintf("%s of site %s is a variable of the whole team %s, which other sites may use too", name, s.site.Name, s.site.account()),
				Next: "change it in the team's settings on Netlify, under Environment variables, and deploy the sites that use it",
			})
		}
	}
	return places, problems
}

// mayHold reports whether the compromised credential is in a variable, or may be.
func (s survey) mayHold(v variable) bool {
	return slices.ContainsFunc(v.Values, func(value value) bool {
		return !v.readable(value.Context) || s.ask.Judge(value.Value) == destination.Compromised
	})
}

func (s survey) places(v variable) []destination.Place {
	var places []destination.Place
	for _, value := range v.Values {
		at := address{account: s.site.account(), site: s.site.ID, key: v.Key, context: value.Context, branch: value.Parameter}
		p := destination.Place{
			Driver: name, ID: at.id(), Variable: v.Key, Title: fmt.Sprintf("Netlify site %s, %s", s.site.Name, at.scope()),
			Updated: v.UpdatedAt, Holding: destination.Unreadable, Scope: scopes[at.context], Unit: s.unit(at),
		}
		if v.readable(at.context) {
			if value.Value == "" { // this context has none
				continue
			}
			p.Holding = s.ask.Judge(value.Value)
		}
		if at.context == "all" && p.Holding == destination.Compromised {
			p.Scope = destination.Production
		}
		p.Note = s.note(at, p.Holding)
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b destination.Place) int {
		return cmp.Or(cmp.Compare(order(a.Scope), order(b.Scope)), strings.Compare(a.ID, b.ID))
	})
	return places
}

func order(s destination.Scope) int {
	return slices.Index([]destination.Scope{destination.Production, "", destination.Preview, destination.Development}, s)
}

func (s survey) note(at address, h destination.Holding) string {
	switch {
	case at.context == "all" && h == destination.Compromised:
		return "This one value is for all deploy contexts: all of them have the compromised key, and all get the new one."
	case at.context == "all":
		return "This one value is for all deploy contexts: a production key would be in deploy previews and branch deploys too."
	case !s.alone:
		return fmt.Sprintf("Several sites are built from this repository: check that %s is one that uses the key.", s.site.Name)
	}
	return ""
}

// scopes are those of the deploy contexts. "all" has none.
var scopes = map[string]destination.Scope{
	"production": destination.Production, "deploy-preview": destination.Preview, "branch-deploy": destination.Preview, "branch": destination.Preview,
	"dev": destination.Development, "dev-server": destination.Development,
}

// scope says for people which deploys a value is for.
func (a address) scope() string {
	switch a.context {
	case "all":
		return "all deploy contexts"
	case "deploy-preview":
		return "deploy previews"
	case "branch-deploy":
		return "branch deploys"
	case "branch":
		return "branch " + a.branch
	case "dev":
		return "local development"
	case "dev-server":
		return "preview servers"
	}
	return a.context
}

// unit is what takes a value. Netlify deploys it when a person says so.
func (s survey) unit(at address) destination.Unit {
	u := destination.Unit{Driver: name, ID: s.site.ID + "/production", Title: fmt.Sprintf("Netlify site %s", s.site.Name), Takes: destination.TakesByHand}
	switch at.context {
	case "production", "all":
		u.ByHand = s.byHand()
	case "dev", "dev-server":
		u.ID, u.Title, u.Takes = s.site.ID+"/dev", u.Title+" (local development)", destination.TakesNextRun
	default:
		u.ID, u.Title = s.site.ID+"/previews", u.Title+" (deploy previews and branch deploys)"
		u.ByHand = "Deploy the previews and branches that are still in use again: on Netlify, Deploys → the deploy → Retry. New ones have the new value."
	}
	return u
}

func (s survey) byHand() string {
	if s.site.Build.RepoURL == "" {
		return "Deploy it again from the commit that is live, the way it was deployed before (netlify deploy --build --prod, or the workflow that does it)."
	}
	live := ""
	if s.site.Published != nil && len(s.site.Published.CommitRef) >= 7 {
		live = " The live deploy is of commit " + s.site.Published.CommitRef[:7] + "."
	}
	return "On Netlify, Deploys → Trigger deploy. It builds the newest commit of the production branch, so check first what else that ships." + live
}
