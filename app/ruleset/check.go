package ruleset

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/github"
)

// State is how a repository's branch stands to the check.
type State string

// The states, best first. All but the first let a key through, or a fake check.
const (
	Required State = "required"      // of this App
	Evaluate State = "evaluate_only" // required by a ruleset that only tells what it would have refused
	Other    State = "other_app"     // required of another App than this one
	Anybody  State = "anybody"       // required, and taken from whoever may write
	Missing  State = "not_required"
	Unread   State = "unread" // GitHub did not tell
)

// Repository is what was found out about one.
type Repository struct {
	Name   string `json:"name"` // owner/name
	Branch string `json:"branch"`
	State  State  `json:"state"`
	// Why says more, where there is more to say: which ruleset, which App, what GitHub answered.
	Why string `json:"why,omitempty"`
}

// Report is what was found out about all.
type Report struct {
	Check        string        `json:"check"`
	App          int64         `json:"app_id"`
	Repositories []Repository  `json:"repositories"` // by name
	Counts       map[State]int `json:"counts"`
	Archived     int           `json:"archived"` // not looked at: nobody can push there
}

// Missed is how many repositories don't require the check of this App.
func (r Report) Missed() int { return len(r.Repositories) - r.Counts[Required] - r.Counts[Unread] }

// Rules is what of GitHub is asked.
type Rules interface {
	ByRulesets(ctx context.Context, owner, name, branch string) ([]github.RequiredCheck, error)
	ByProtection(ctx context.Context, owner, name, branch string) ([]github.RequiredCheck, error)
	Rulesets(ctx context.Context, owner, name string) ([]github.Ruleset, error)
	Ruleset(ctx context.Context, owner, name string, id int64) (github.Ruleset, error)
}

var _ Rules = (*github.Rules)(nil)

// Checker asks about repositories.
type Checker struct {
	Rules  Rules
	App    int64
	Branch string // "": the default branch of each
	Now    func() time.Time
	// Sleep waits until a time, or for less if ctx ends; it is told why. Nil: nothing is asked twice. It is called from many goroutines.
	Sleep func(ctx context.Context, until time.Time, why string) error

	mu   sync.Mutex
	sets map[int64]github.Ruleset // read already: an organisation's are the same for all of its repositories
}

// atOnce is how many repositories are asked about at a time.
const atOnce = 8

// Check asks about each repository. One that GitHub tells nothing about is reported as such; the error is ctx's.
func (c *Checker) Check(ctx context.Context, repos []github.RepositoryInfo) (Report, error) {
	report := Report{Check: CheckName, App: c.App, Counts: map[State]int{}, Repositories: []Repository{}}
	var wg sync.WaitGroup
	var mu sync.Mutex
	places := make(chan struct{}, atOnce)
	for _, repo := range repos {
		if repo.Archived {
			report.Archived++
			continue
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			found := c.one(ctx, repo)
			mu.Lock()
			defer mu.Unlock()
			report.Repositories = append(report.Repositories, found)
			report.Counts[found.State]++
		})
	}
	wg.Wait()
	slices.SortFunc(report.Repositories, func(a, b Repository) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return report, ctx.Err()
}

func (c *Checker) one(ctx context.Context, repo github.RepositoryInfo) Repository {
	found := Repository{Name: repo.Owner + "/" + repo.Name, Branch: cmp.Or(c.Branch, repo.DefaultBranch)}
	if found.Branch == "" {
		found.State, found.Why = Unread, "GitHub names no default branch"
		return found
	}
	var checks []github.RequiredCheck
	for _, ask := range []func(context.Context, string, string, string) ([]github.RequiredCheck, error){c.Rules.ByRulesets, c.Rules.ByProtection} {
		err := c.again(ctx, func() error {
			more, err := ask(ctx, repo.Owner, repo.Name, found.Branch)
			checks = append(checks, more...)
			return err
		})
		if err != nil {
			found.State, found.Why = Unread, c.because(err)
			return found
		}
		if found.State, found.Why = Judge(c.App, checks); found.State == Required {
			return found
		}
	}
	if found.State == Missing {
		if name, err := c.evaluated(ctx, repo, found.Branch); err != nil {
			found.Why = "whether a ruleset in evaluate mode does is unknown: " + c.because(err)
		} else if name != "" {
			found.State, found.Why = Evaluate, name
		}
	}
	return found
}

// evaluated names a ruleset that would require the check if it were enforced; "" for none.
func (c *Checker) evaluated(ctx context.Context, repo github.RepositoryInfo, branch string) (string, error) {
	var list []github.Ruleset
	err := c.again(ctx, func() (err error) {
		list, err = c.Rules.Rulesets(ctx, repo.Owner, repo.Name)
		return err
	})
	for _, set := range list {
		if set.Enforcement != "evaluate" {
			continue
		}
		if set, err = c.ruleset(ctx, repo, set.ID); err != nil {
			break
		}
		if state, _ := Judge(c.App, set.Checks); state != Missing && set.Covers(branch, repo.DefaultBranch) {
			return "ruleset " + set.Name + " of " + set.Source, nil
		}
	}
	return "", err
}

func (c *Checker) ruleset(ctx context.Context, repo github.RepositoryInfo, id int64) (github.Ruleset, error) {
	c.mu.Lock()
	known, read := c.sets[id]
	c.mu.Unlock()
	if read {
		return known, nil
	}
	err := c.again(ctx, func() (err error) {
		known, err = c.Rules.Ruleset(ctx, repo.Owner, repo.Name, id)
		return err
	})
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.sets == nil {
			c.sets = map[int64]github.Ruleset{}
		}
		c.sets[id] = known
	}
	return known, err
}

// mostTries is how often GitHub is asked for the same, where it has no answer; waits for a limit don't count.
const mostTries = 3

// again asks until there is an answer: it waits where GitHub limits requests, and asks a few times where it is out of order.
func (c *Checker) again(ctx context.Context, ask func() error) error {
	for try := 1; ; {
		err := ask()
		if err == nil || c.Sleep == nil || ctx.Err() != nil {
			return err
		}
		now := c.Now()
		switch verdict := github.Classify(err, now); {
		case verdict.Do == github.Snooze:
			if err := c.Sleep(ctx, verdict.Until, "GitHub limits requests"); err != nil {
				return err
			}
		case verdict.Do == github.Retry && !github.Refused(err) && try < mostTries:
			if err := c.Sleep(ctx, now.Add(time.Duration(try)*time.Second), "GitHub didn't answer"); err != nil {
				return err
			}
			try++
		default:
			return err
		}
	}
}

func (c *Checker) because(err error) string { return github.Classify(err, c.Now()).Reason }

// Judge says how checks that are required stand to this App's. All of them must pass, so one that is this App's alone is enough.
func Judge(app int64, checks []github.RequiredCheck) (State, string) {
	state, why := Missing, ""
	for _, check := range checks {
		switch {
		case check.Name != CheckName:
		case check.App == app:
			return Required, ""
		case check.App == 0:
			state, why = Anybody, ""
		case state == Missing:
			state, why = Other, "App "+itoa(check.App)
		}
	}
	return state, why
}
