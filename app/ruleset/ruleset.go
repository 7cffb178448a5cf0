// Package ruleset is how rekey's check becomes a required one: [New] is the ruleset that requires it of this App alone, and
// [Checker.Check] finds the repositories that don't require it, or take it from anybody. Anyone with write access can post a check or
// a status of any name; only a rule with the App's id tells rekey's from those.
package ruleset

import (
	"encoding/json"

	"github.com/rekey-app/rekey/respond/text"
)

// CheckName is the check that rulesets require.
const CheckName = text.CheckName

// Options say what ruleset to make.
type Options struct {
	App      int64    // whose check counts
	Branch   string   // "": the default branch, whatever its name
	Evaluate bool     // only tell what would have been refused; GitHub Enterprise has that
	OneRepo  bool     // for a repository, not for an organisation
	Include  []string // names or patterns of an organisation's repositories; nil: all, those to come as well
	Exclude  []string
}

// Ruleset is the body of POST /orgs/{org}/rulesets and POST /repos/{owner}/{repo}/rulesets.
type Ruleset struct {
	Name        string     `json:"name"`
	Target      string     `json:"target"`
	Enforcement string     `json:"enforcement"`
	Bypass      []struct{} `json:"bypass_actors"` // nobody
	Conditions  conditions `json:"conditions"`
	Rules       []rule     `json:"rules"`
}

type conditions struct {
	Refs         names  `json:"ref_name"`
	Repositories *names `json:"repository_name,omitempty"`
}

type names struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

type rule struct {
	Type       string     `json:"type"`
	Parameters parameters `json:"parameters"`
}

type parameters struct {
	Checks []required `json:"required_status_checks"`
	// Strict wants branches to be up to date before they are merged, which rekey has no need for.
	Strict bool `json:"strict_required_status_checks_policy"`
	// Created lets a branch be made before anything was checked: else no repository could get its first commit.
	Created bool `json:"do_not_enforce_on_create"`
}

type required struct {
	Context string `json:"context"`
	App     int64  `json:"integration_id"`
}

// New returns the ruleset.
func New(o Options) Ruleset {
	r := Ruleset{
		Name: "Require rekey's check for Clerk keys", Target: "branch", Enforcement: "active", Bypass: []struct{}{},
		Conditions: conditions{Refs: names{Include: []string{"~DEFAULT_BRANCH"}, Exclude: []string{}}},
		Rules: []rule{{"required_status_checks", parameters{
			Checks: []required{{CheckName, o.App}}, Created: true,
		}}},
	}
	if o.Evaluate {
		r.Enforcement = "evaluate"
	}
	if o.Branch != "" {
		r.Conditions.Refs.Include = []string{"refs/heads/" + o.Branch}
	}
	if !o.OneRepo {
		all := names{Include: []string{"~ALL"}, Exclude: append([]string{}, o.Exclude...)}
		if len(o.Include) > 0 {
			all.Include = o.Include
		}
		r.Conditions.Repositories = &all
	}
	return r
}

// JSON is the ruleset as people read it and as GitHub takes it, with a line end.
func (r Ruleset) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}
