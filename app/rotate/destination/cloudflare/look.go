package cloudflare

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// Look finds the secrets of the Workers and the variables of the Pages projects that wrangler's settings in the repository name, and with a token those
// of the Pages projects that are built from it.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	all, files, broken := targets(p)
	because := faint(p)
	if len(files) > 0 {
		because = files[0]
	}
	if because == "" {
		return destination.Survey{}
	}
	s := destination.Survey{Used: len(files) > 0, Because: because}
	for _, file := range broken {
		s.Problems = append(s.Problems, destination.Problem{What: file + " doesn't say the name of a Worker or of a Pages project", Next: "add its name, as it is on Cloudflare, or set the variable in Cloudflare's dashboard"})
	}
	w, problem := d.logIn()
	if problem != nil {
		s.Problems = append(s.Problems, *problem)
		return s
	}
	login, accounts, err := w.accounts(ctx)
	if err != nil {
		s.Problems = append(s.Problems, advice.Problem(err))
		return s
	}
	if only := d.machine.Getenv("CLOUDFLARE_ACCOUNT_ID"); only != "" {
		accounts = chosen(accounts, only)
	}
	if api, ok := w.(*api); ok && len(all) == 0 {
		found, err := api.built(ctx, accounts, p.Repository)
		if err != nil {
			s.Problems = append(s.Problems, advice.Problem(err))
		}
		if all = found; len(all) > 0 && !s.Used {
			s.Used, s.Because = true, "Cloudflare Pages builds "+p.Repository.String()
		}
	}
	v := survey{way: w, ask: p, accounts: accounts}
	v.targets(ctx, all)
	s.Places, s.Problems, s.Account = v.places, append(s.Problems, v.problems...), v.account(login)
	return s
}

func chosen(accounts []account, id string) []account {
	for _, a := range accounts {
		if a.ID == id {
			return []account{a}
		}
	}
	return []account{{ID: id}} // a token may be kept from listing
}

// survey gathers what is found.
type survey struct {
	way      way
	ask      destination.Project
	accounts []account
	used     []string // names of the accounts that have something
	places   []destination.Place
	problems []destination.Problem
}

// account says whose login it is, and which accounts it was used for.
func (v *survey) account(login string) string {
	if len(v.used) == 0 {
		return login
	}
	names := "account " + strings.Join(v.used, ", ")
	if login == "" {
		return names
	}
	return login + " (" + names + ")"
}

// targets looks for all that the files name. Environments that were never deployed aren't told, but a file is of which nothing is there.
func (v *survey) targets(ctx context.Context, all []target) {
	found := map[string]bool{}
	for _, t := range all {
		found[t.file] = v.target(ctx, t) || found[t.file]
	}
	for _, t := range all {
		if !found[t.file] {
			v.problem(t.missing())
		}
		found[t.file] = true // tell it once
	}
}

func (t target) missing() destination.Problem {
	what := "the Worker " + t.name
	if t.kind == pages {
		what = "the Pages project " + t.name
	}
	return destination.Problem{What: fmt.Sprintf("%s, which %s names, isn't in an account that the login may use", what, t.file), Next: advice[destination.ErrNotFound]}
}

// problem adds one, once.
func (v *survey) problem(p destination.Problem) {
	if !slices.Contains(v.problems, p) {
		v.problems = append(v.problems, p)
	}
}

// target looks for a Worker or a Pages project in the account that its settings name, else in all, and reports whether it is there, or can't be seen.
func (v *survey) target(ctx context.Context, t target) bool {
	for _, variable := range t.stored {
		if slices.Contains(v.ask.Variables, variable) {
			v.problem(destination.Problem{
				What: fmt.Sprintf("%s of Worker %s is in Cloudflare's Secrets Store (%s)", variable, t.name, t.file),
				Next: "change it there: wrangler secrets-store secret update STORE --secret-id ID --remote, which asks for the value, or in Cloudflare's dashboard under Secrets Store",
			})
		}
	}
	accounts := v.accounts
	if t.account != "" {
		accounts = chosen(accounts, t.account)
	}
	found, first := 0, len(v.places)
	for _, a := range accounts {
		t.account = a.ID
		all, err := v.way.variables(ctx, t.address)
		switch {
		case errors.Is(err, destination.ErrNotFound):
			continue
		case errors.Is(err, errSeveral):
			v.problem(destination.Problem{What: errSeveral.Error() + ", and this wrangler can't list them", Next: advice[errSeveral]})
			return true
		case err != nil:
			v.problem(advice.Problem(err))
			return true
		}
		found++
		v.has(ctx, t, a, all)
	}
	for i := range v.places[first:] {
		if p := &v.places[first+i]; found > 1 { // of which all but one are another's
			at, _ := parse(p.ID)
			p.Title += " (account " + v.accountName(at.account) + ")"
			p.Scope, p.Note = "", "Several accounts of this login have one of that name: check which one is yours."
		}
	}
	return found > 0
}

func (v *survey) accountName(id string) string {
	for _, a := range v.accounts {
		if a.ID == id && a.Name != "" {
			return a.Name
		}
	}
	return id
}

func (v *survey) has(ctx context.Context, t target, a account, all []variable) {
	if n := cmp.Or(a.Name, a.ID); n != "" && !slices.Contains(v.used, n) {
		v.used = append(v.used, n)
	}
	for _, name := range v.ask.Variables {
		i := slices.IndexFunc(all, func(have variable) bool { return have.name == name })
		if i < 0 {
			continue
		}
		v.places = append(v.places, v.place(ctx, t, all[i]))
	}
}

func (v *survey) place(ctx context.Context, t target, have variable) destination.Place {
	t.key = have.name
	p := destination.Place{
		Driver: name, ID: t.id(), Title: t.title(), Variable: have.name, Scope: t.scope, Holding: destination.Unreadable, Unit: v.unit(ctx, t.address),
	}
	if have.kind == plainText {
		p.Holding = v.ask.Judge(have.value)
		p.Note = "It is a plain variable there, which everybody in the account can read: make it a secret."
	}
	return p
}

// unit is what takes the value: a Worker by itself, a Pages project when it is deployed.
func (v *survey) unit(ctx context.Context, at address) destination.Unit {
	at.key = ""
	u := destination.Unit{Driver: name, ID: at.id(), Title: at.title(), Takes: destination.TakesAtOnce}
	if at.kind == workers {
		return u
	}
	if api, ok := v.way.(*api); ok && at.env == "production" && api.retries(ctx, at) {
		u.Takes, u.Redeploys = destination.TakesByRedeploy, "rebuilds the live production deployment from the same commit, and puts it live"
		return u
	}
	u.Takes = destination.TakesByHand
	u.ByHand = fmt.Sprintf("On Cloudflare, open Workers & Pages → %s → Deployments, and choose ⋯ → Retry deployment on the %s deployment that is in use. If the project is uploaded with wrangler pages deploy, deploy the same commit again instead.", at.name, at.env)
	return u
}
