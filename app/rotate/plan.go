package rotate

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// Way is how the new credential comes into being.
type Way string

// The ways.
const (
	Guided Way = "guided" // a person makes it in Clerk's dashboard, and pastes it
	ByAPI  Way = "api"    // one of Clerk's APIs makes it
	Made   Way = "made"   // it is made here: Clerk has no part in it
)

// Instance is the Clerk instance that the credential belongs to, as far as it is known. It is kept in state files.
type Instance struct {
	ID          string             `json:"id,omitempty"`          // "ins_…"
	Application string             `json:"application,omitempty"` // "app_…"
	Name        string             `json:"name,omitempty"`        // of the application
	Environment detect.Environment `json:"environment,omitempty"`
	Because     string             `json:"because,omitempty"` // how it is known, for people
}

// Resource is the machine or OAuth application whose secret is rotated by the Backend API.
type Resource struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// Facts are what a plan is made of.
type Facts struct {
	Subject  Subject
	Way      Way
	Instance Instance
	Resource Resource
	Overlap  time.Duration // how long the old credential keeps working, where an API ends it
	Surveys  []Survey
	Only     []string // names of drivers; empty: all
	Skip     []string
	Include  []string // places that are written although it is not sure that they should be
	ByHand   []Hand   // hosts that no driver reaches
	Comment  bool     // say /rekey rotated on the issue
	Shared   made     // the new credential, where a rotation in another clone made it
	SharedBy string   // that clone
	Dead     bool     // the old credential no longer works already
	Abused   bool     // somebody else uses it: the old one ends before the new one is written
}

// Survey is what one driver found.
type Survey struct {
	Driver string
	destination.Survey
}

// Hand is a host or store that a person has to go to.
type Hand struct {
	Host string `json:"host"`
	Text string `json:"text"` // what to do there
}

// Plan is everything that will be done, in order. It is kept in state files: it holds no credential.
type Plan struct {
	Subject  Subject       `json:"subject"`
	Way      Way           `json:"way"`
	Instance Instance      `json:"instance,omitzero"`
	Resource Resource      `json:"resource,omitzero"`
	Shared   made          `json:"shared,omitzero"` // the new credential, where a rotation in another clone made it
	Overlap  time.Duration `json:"overlap,omitempty"`
	Logins   []string      `json:"logins,omitempty"`   // whose they are, by host: "vercel: ada (acme)"
	Warnings []string      `json:"warnings,omitempty"` // to be said before anything else
	Steps    []Step        `json:"steps"`
	Left     []Left        `json:"left,omitempty"`     // what is not written
	Problems []Problem     `json:"problems,omitempty"` // where it could not look
	ByHand   []Hand        `json:"by_hand,omitempty"`
}

// Step is one thing that is done, or that a person is asked to do.
type Step struct {
	ID    string            `json:"id"` // unique in the plan
	Do    Action            `json:"do"`
	Place destination.Place `json:"place,omitzero"`  // of Write
	Unit  destination.Unit  `json:"unit,omitzero"`   // of Deploy
	Issue string            `json:"issue,omitempty"` // of Tell
	Text  string            `json:"text"`            // for people, as a sentence
}

// Action is what a step does.
type Action string

// The actions, in the order in which they are done.
const (
	Create Action = "create" // the new credential comes into being
	Prove  Action = "prove"  // Clerk is asked whether it works, and of which instance it is
	Write  Action = "write"  // a place gets it
	Deploy Action = "deploy" // what runs takes it
	Ask    Action = "ask"    // a person does what no driver can
	End    Action = "end"    // the old credential stops working
	Tell   Action = "tell"   // rekey's server is told, and closes the issue
)

// Left is a place that is not written.
type Left struct {
	Place destination.Place `json:"place"`
	Why   string            `json:"why"`
	Doubt bool              `json:"doubt,omitempty"` // whether it should be is for a person to say
}

// Problem is something that a driver could not see.
type Problem struct {
	Driver string `json:"driver"`
	destination.Problem
}

// MakePlan decides what is done. It is pure: the same facts make the same plan.
func MakePlan(f Facts) Plan {
	r, _ := recipeFor(f.Subject.Kind)
	p := Plan{Subject: f.Subject, Way: f.Way, Instance: f.Instance, Resource: f.Resource, Shared: f.Shared, Overlap: f.Overlap, Warnings: warnings(f, r), ByHand: f.ByHand}
	p.Steps = append(p.Steps, Step{ID: string(Create), Do: Create, Text: f.createText(r)})
	if r.proves {
		p.Steps = append(p.Steps, Step{ID: string(Prove), Do: Prove, Text: f.proveText()})
	}
	end := f.endText(r)
	if f.Abused && end != "" { // what goes down is less than what somebody else could do meanwhile
		p.Steps = append(p.Steps, Step{ID: string(End), Do: End, Text: end})
	}
	var units []destination.Unit
	for _, s := range f.Surveys {
		if !wanted(s.Driver, f.Only, f.Skip) {
			continue
		}
		if s.Account != "" {
			p.Logins = append(p.Logins, s.Driver+": "+s.Account)
		}
		for _, problem := range s.Problems {
			p.Problems = append(p.Problems, Problem{Driver: s.Driver, Problem: problem})
		}
		for _, place := range s.Places {
			write, why, doubt := chosen(place, f)
			if write && !f.included(place) && s.ambiguous(place, f) {
				write, why, doubt = false, "its value can't be read, and there are several such places: rekey can't tell which of them is for this one", true
			}
			if !write {
				p.Left = append(p.Left, Left{Place: place, Why: why, Doubt: doubt})
				continue
			}
			p.Steps = append(p.Steps, Step{ID: "write " + place.Driver + " " + place.ID, Do: Write, Place: place, Text: place.Title})
			if place.Unit.ID != "" && !slices.Contains(units, place.Unit) {
				units = append(units, place.Unit)
			}
		}
	}
	p.deploy(units)
	for _, h := range f.ByHand {
		text := h.Host + ": " + h.Text
		if strings.HasPrefix(h.Text, "(") { // the file that names it
			text = h.Host + " " + h.Text
		}
		p.Steps = append(p.Steps, Step{ID: "ask " + h.Host, Do: Ask, Text: text})
	}
	if text := f.changeText(r); text != "" {
		p.Steps = append(p.Steps, Step{ID: "ask git", Do: Ask, Text: text})
	}
	for _, m := range f.Subject.Superseded {
		p.supersede(m)
	}
	if end != "" && !f.Abused {
		p.Steps = append(p.Steps, Step{ID: string(End), Do: End, Text: end})
	}
	if f.Subject.Issue != "" && f.Comment {
		p.tell(f.Subject.Issue)
	}
	return p
}

// tell adds the step that tells rekey's server on an issue, and reports whether it was not in the plan yet.
func (p *Plan) tell(issue string) bool {
	id := string(Tell) + " " + issue
	if slices.ContainsFunc(p.Steps, func(s Step) bool { return s.ID == id }) {
		return false
	}
	p.Steps = append(p.Steps, Step{ID: id, Do: Tell, Issue: issue, Text: "rekey comments /rekey rotated on " + issue + " in your name, and waits until the issue is closed."})
	return true
}

func supersededID(fingerprint string) string { return "ask superseded " + fingerprint }

// supersede has a person end what an earlier run made and this one replaces, before the old credential. Where the API ends all, or there is nothing to end
// by hand, nothing has to be done.
func (p *Plan) supersede(m made) {
	r, _ := recipeFor(p.Subject.Kind)
	if r.end == "" || p.Way == ByAPI {
		return
	}
	what := "Delete the " + r.noun + " " + m.Redacted + " too, on " + cmp.Or(p.Subject.Dashboard, r.page)
	if p.Subject.Kind == detect.WebhookSecret {
		what = "Delete the endpoint whose secret is " + m.Redacted + " too"
	}
	at := len(p.Steps)
	if i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Do == End && !p.endsFirst() || s.Do == Tell }); i >= 0 {
		at = i
	}
	p.Steps = slices.Insert(p.Steps, at, Step{
		ID: supersededID(m.Fingerprint), Do: Ask, Text: what + ": an earlier run of this rotation got it, and nothing needs it once the places above have the new one.",
	})
}

// deploy adds a step for each unit that does not take the value by itself.
func (p *Plan) deploy(units []destination.Unit) {
	for _, u := range units {
		id := " " + u.Driver + " " + u.ID
		switch u.Takes {
		case destination.TakesByRedeploy:
			p.Steps = append(p.Steps, Step{ID: string(Deploy) + id, Do: Deploy, Unit: u, Text: u.Title + ": " + u.Redeploys})
		case destination.TakesByHand:
			p.Steps = append(p.Steps, Step{ID: string(Ask) + id, Do: Ask, Unit: u, Text: u.Title + ": " + u.ByHand})
		case destination.TakesAtOnce, destination.TakesNextRun:
		}
	}
}

func wanted(driver string, only, skip []string) bool {
	return (len(only) == 0 || slices.Contains(only, driver)) && !slices.Contains(skip, driver)
}

// chosen decides whether a place is written. Only one that surely holds the compromised credential, or whose scope says that it has to, is written
// without a person's word.
func chosen(p destination.Place, f Facts) (write bool, why string, doubt bool) {
	if guide.ShipsToBrowsers(p.Variable) {
		return false, "browsers download what is in " + p.Variable + ": delete that variable, and have the server read another", false
	}
	if f.included(p) {
		return true, "", false
	}
	switch p.Holding {
	case destination.Compromised:
		return true, "", false
	case destination.Nothing:
		return false, "the variable is not set there", false
	case destination.Other:
		return false, "it doesn't hold this " + noun(f.Subject), false
	case destination.Same:
		why := "it holds another " + describe(f.Subject)
		if f.endsAll() {
			why += ", which ends too if it is of the same instance"
		}
		return false, why, true
	case destination.Unreadable:
	}
	switch fits, sure := p.Scope.Fits(f.Subject.Environment); {
	case fits:
		return true, "", false
	case sure:
		return false, "it is for " + string(p.Scope) + ", and what is rotated is a " + environmentWord(f.Subject.Environment) + " " + noun(f.Subject), false
	}
	return false, "its value can't be read, so rekey can't tell whether it is this one", true
}

// included reports whether a person said that a place is to be written.
func (f Facts) included(p destination.Place) bool {
	return slices.Contains(f.Include, p.Driver+":"+p.ID)
}

// ambiguous reports whether what a place's scope says of a value that can't be read is said of something else that is deployed, too: several projects or
// apps of a repository may each have a key of their own under the same name.
func (s Survey) ambiguous(place destination.Place, f Facts) bool {
	return place.Holding == destination.Unreadable && slices.ContainsFunc(s.Places, func(other destination.Place) bool {
		fits, _ := other.Scope.Fits(f.Subject.Environment)
		return fits && other.Holding == destination.Unreadable && other.Unit.ID != place.Unit.ID && other.Unit.ID != ""
	})
}

// endsAll reports whether rotation ends other credentials too.
func (f Facts) endsAll() bool {
	return f.Way == ByAPI && f.Shared.Fingerprint == "" && (f.Subject.Kind == detect.SecretKey || f.Subject.Kind == detect.LegacyAPIKey)
}
