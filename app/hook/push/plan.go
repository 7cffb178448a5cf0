package push

import (
	"context"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/respond"
)

// Verdict is what a hook found in a push.
type Verdict struct {
	Updates []Update // that bring something
	Server  bool     // whether it was sent to a server
	Result  scan.Result
	FailOn  respond.FailOn // the least severity that is refused; "" is any
	Notes   []string

	revisions string // what the push brings, as git rev-list reads it
	notAll    bool   // less what the repository's refs have
	remedy    remedy
	refs      map[string][]string // the refs that bring a commit, where there are several
}

// Refused are the findings that the push is refused for.
func (v Verdict) Refused() []scan.Hit {
	return slices.DeleteFunc(slices.Clone(v.Result.Hits), func(h scan.Hit) bool { return !v.FailOn.Fails(h.Severity) })
}

// Unread are what could not be read at all, or only up to a limit.
func (v Verdict) Unread() []scan.Problem {
	return slices.DeleteFunc(slices.Clone(v.Result.Problems), func(p scan.Problem) bool { return p.Part })
}

// remedy says how the findings come out of the commits.
type remedy struct {
	oldest string // the first commit to change; "" if not known
	amend  bool   // it is the last one, and the only one
	root   bool   // it has no parent
	merges bool   // there are merges from there on
}

// node is a commit with its parents.
type node struct {
	id      string
	parents int
}

// remedyFor decides: of the commits that a push brings, parents first, some have findings.
func remedyFor(commits []node, found map[string]bool, tips []string) (r remedy) {
	n := 0
	for _, c := range commits {
		if found[c.id] {
			if n++; n == 1 {
				r.oldest, r.root = c.id, c.parents == 0
			}
		}
		r.merges = r.merges || n > 0 && c.parents > 1
	}
	r.amend = n == 1 && slices.Contains(tips, r.oldest)
	return r
}

// mostRefs is how many refs of a push are asked which of them bring a finding.
const mostRefs = 20

// plan asks git what the advice needs. Where git does not answer, as when time is up, the advice says less.
func (r Repository) plan(ctx context.Context, v *Verdict) {
	found, commits := map[string]bool{}, map[string]bool{}
	for _, h := range v.Refused() {
		commits[h.Commit] = true
		if h.File != scan.TagMessage {
			found[h.Commit] = true
		}
	}
	if len(commits) == 0 {
		return
	}
	var tips []string
	for _, u := range v.Updates {
		tips = append(tips, u.New)
	}
	if listed, err := r.revList(ctx, v, v.revisions, "--topo-order", "--reverse", "--parents"); err == nil {
		v.remedy = remedyFor(listed, found, tips)
	}
	if len(v.Updates) == 1 || len(v.Updates) > mostRefs {
		return
	}
	v.refs = map[string][]string{}
	for _, u := range v.Updates {
		revisions := u.New + "\n"
		for line := range strings.Lines(v.revisions) {
			if strings.HasPrefix(line, "^") {
				revisions += line
			}
		}
		listed, err := r.revList(ctx, v, revisions)
		if err != nil {
			return
		}
		for _, c := range listed {
			if commits[c.id] {
				v.refs[c.id] = append(v.refs[c.id], u.Ref)
			}
		}
	}
}

func (r Repository) revList(ctx context.Context, v *Verdict, revisions string, args ...string) ([]node, error) {
	args = append([]string{"rev-list", "--stdin"}, args...)
	if v.notAll {
		args = append(args, "--not", "--all", "--alternate-refs")
	}
	out, err := r.Git.Output(ctx, revisions, args...)
	if err != nil {
		return nil, err
	}
	var commits []node
	for line := range strings.Lines(out) {
		if fields := strings.Fields(line); len(fields) > 0 {
			commits = append(commits, node{fields[0], len(fields) - 1})
		}
	}
	return commits, nil
}
