package audit

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/detect/audit/routes"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/checks"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/routemap"
	"github.com/rekey-app/rekey/respond/text"
)

// auditing is one audit under way.
type auditing struct {
	*Worker
	facts
	task
	owner  string
	began  time.Time
	client *github.Client
	shelf  *shelf
	policy respond.Policy
}

// defaultBranch audits the state of the default branch, and keeps it.
func (a *auditing) defaultBranch(ctx context.Context) error {
	if off, err := a.stillOff(ctx); off || err != nil {
		return err
	}
	lists, err := a.list(ctx, a.client, a.task.head)
	if err != nil {
		return err
	}
	files := lists[0]
	named := manifests(files)
	state := ledger.Audit{Repository: a.repository.ID, Head: a.task.head, Manifests: digest(files, named)}
	if state.Clerk, err = a.uses(ctx, files, named, state.Manifests); err != nil {
		return err
	}
	if state.Clerk {
		if a.policy, err = a.Policies.Of(ctx, a.repository); err != nil {
			return err
		}
		if state.Clerk = a.policy.Audits(); !state.Clerk {
			state.Manifests = ""
		}
	}
	if !state.Clerk {
		a.Metrics.audited(a.task, "unused")
		_, err := a.save(ctx, state)
		return err
	}
	names := wanted(files)
	state.Files = digest(files, names, a.Version, string(a.policy.Audit.Level))
	if a.last.Clerk && a.last.Files == state.Files {
		state.Findings, state.Packages, state.Gaps, state.Allowed, state.Routes = a.last.Findings, a.last.Packages, a.last.Gaps, a.last.Allowed, a.last.Routes
		state.Development = a.last.Development
		return a.conclude(ctx, state)
	}
	a.shelf.ask(files, names)
	results, gaps, err := a.run(ctx, audit.Options{Level: level(a.policy), Also: []string{development}}, files)
	if err != nil {
		return err
	}
	r := results[0]
	state.Development = countDevelopment(&r, level(a.policy))
	state.Findings, state.Packages = a.findings(ctx, r.Findings), a.packages(ctx, r.Packages)
	state.Gaps = slices.Concat(gaps, a.gaps(ctx, files, names, r.Notes))
	state.Allowed = len(r.Allowed)
	maps, err := a.routeMaps(ctx, files)
	if err != nil {
		return err
	}
	state.Routes = maps[0].Routes
	return a.conclude(ctx, state)
}

// stillOff reports whether the policy wanted no audit the last time, and wants none now.
func (a *auditing) stillOff(ctx context.Context) (bool, error) {
	if a.last.Head == "" || a.last.Manifests != "" {
		return false, nil
	}
	p, err := a.Policies.Of(ctx, a.repository)
	if err == nil && !p.Audits() {
		a.Metrics.audited(a.task, "unused")
	}
	return err == nil && !p.Audits(), err
}

// conclude keeps the state of the default branch, and has it published.
func (a *auditing) conclude(ctx context.Context, state ledger.Audit) error {
	slices.SortStableFunc(state.Findings, respond.CompareAudit)
	exposed, err := a.save(ctx, state)
	if err != nil {
		return err
	}
	for _, leak := range exposed {
		if err := a.Reader.RecordExposed(ctx, record.Target(a.repository), leak); err != nil {
			return err
		}
	}
	a.done(ctx, len(state.Findings), len(state.Gaps))
	return a.Publish.PublishAudit(ctx, a.owner, text.AuditFacts{
		Repository: a.Recorder.WithURL(a.repository), Head: a.task.head, Policy: a.policy, Findings: checks.Described(state.Findings),
		AllowedBefore: state.Allowed, Gaps: state.Gaps, Routes: routemap.State(routes.Map{Routes: state.Routes}, a.linked()), Began: a.began, Ended: a.Now(),
	}, a.create)
}

// save keeps the state of the default branch, and returns the leaks that it shows and that aren't known yet.
func (a *auditing) save(ctx context.Context, state ledger.Audit) (exposed []respond.Leak, err error) {
	err = a.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		exposed = nil
		tip, err := tx.Tip(ctx, a.repository.ID, "refs/heads/"+a.repository.DefaultBranch)
		if err != nil || tip != a.task.head { // it has moved on, and another audit follows
			return err
		}
		if err := tx.SaveAudit(ctx, state); err != nil {
			return err
		}
		if exposed, err = a.exposed(ctx, tx, state); err != nil {
			return err
		}
		return a.issue(ctx, tx)
	})
	return exposed, err
}

// issue has the issue about the Clerk configuration brought up to date, where the policy wants one or there is one.
func (a *auditing) issue(ctx context.Context, tx Tx) error {
	if !a.policy.FilesAuditIssue() {
		have, err := tx.AuditIssue(ctx, a.repository.ID)
		if errors.Is(err, ledger.ErrNotFound) || err == nil && have.IssueNumber == 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return tx.Enqueue(ctx, job.AuditIssue{Repository: a.repository.ID}, nil)
}

// pullRequest audits what a pull request or a merge group changes.
func (a *auditing) pullRequest(ctx context.Context) error {
	if off, err := a.stillOff(ctx); off || err != nil {
		return err
	}
	var head *snapshot
	if a.last.Manifests != "" && !a.last.Clerk { // most of those don't begin to use Clerk with this one
		lists, err := a.list(ctx, a.client, a.task.head)
		if err != nil {
			return err
		}
		head = lists[0]
		if digest(head, manifests(head)) == a.last.Manifests {
			a.Metrics.audited(a.task, "unused")
			return nil
		}
	}
	base, head, known, err := a.sides(ctx, head)
	if err != nil {
		return err
	}
	named := manifests(head)
	uses, err := a.uses(ctx, head, named, digest(head, named))
	if err != nil || !uses {
		a.Metrics.audited(a.task, "unused")
		return err
	}
	if a.policy, err = a.Policies.Of(ctx, a.repository); err != nil {
		return err
	}
	c := changesOf(base, head)
	var before bool
	if a.pull != 0 {
		err = a.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
			before, err = tx.AuditedPull(ctx, a.repository.ID, a.pull)
			return err
		})
	}
	if err != nil || !respond.AuditDue(a.policy, len(c.head)+len(c.base), before) {
		a.Metrics.audited(a.task, "not_due")
		return err
	}
	facts := text.AuditFacts{
		Repository: a.Recorder.WithURL(a.repository), Head: a.task.head, Pull: a.pull, Merge: a.merge, Policy: a.policy,
		Changes: len(c.head) + len(c.base), Began: a.began,
	}
	if !known {
		facts.Gaps = []string{"where these commits begin could not be told, so all of their files were looked at as new ones"}
	}
	if facts.Changes > 0 {
		if err := a.compare(ctx, &facts, base, head, c); err != nil {
			return err
		}
	}
	facts.Ended = a.Now()
	a.done(ctx, len(facts.Findings), len(facts.Gaps))
	return a.Publish.PublishAudit(ctx, a.owner, facts, true)
}

// sides lists the files of both sides of a pull request. Where it isn't known where that begins, its base is empty.
func (a *auditing) sides(ctx context.Context, head *snapshot) (base, now *snapshot, known bool, err error) {
	from, known, err := a.mergeBase(ctx, a.client, a.task.head, a.base)
	if err != nil {
		return nil, nil, false, err
	}
	commits := []string{}
	if head == nil {
		commits = append(commits, a.task.head)
	}
	if from != "" {
		commits = append(commits, from)
	}
	lists := []*snapshot{}
	if len(commits) > 0 {
		if lists, err = a.list(ctx, a.client, commits...); err != nil {
			return nil, nil, false, err
		}
	}
	if head == nil {
		head, lists = lists[0], lists[1:]
	}
	if base = empty(); len(lists) > 0 {
		base = lists[0]
	}
	return base, head, known, nil
}

// compare finds what a pull request brings. What its packages bring may be in files that it doesn't change: where those are others, all
// files are looked at.
func (a *auditing) compare(ctx context.Context, facts *text.AuditFacts, base, head *snapshot, c changes) error {
	a.shelf.ask(head, c.head)
	a.shelf.ask(base, c.base)
	for _, files := range []*snapshot{head, base} {
		a.shelf.ask(files, versioned(files))
	}
	mapped := mapsRoutes(c, base, head)
	if mapped {
		for _, files := range []*snapshot{head, base} {
			a.shelf.ask(files, routeFiles(files))
		}
	}
	options := audit.Options{Level: level(a.policy), Focus: slices.Concat([]string{}, c.head, c.base)}
	results, gaps, err := a.run(ctx, options, base, head)
	if err == nil && len(gaps) == 0 && !samePackages(results[0].Packages, results[1].Packages) {
		a.shelf.ask(head, wanted(head))
		a.shelf.ask(base, wanted(base))
		options.Focus = nil
		results, gaps, err = a.run(ctx, options, base, head)
	}
	if err != nil {
		return err
	}
	facts.Gaps = append(facts.Gaps, gaps...)
	if len(gaps) > 0 {
		return nil
	}
	now := a.findings(ctx, results[1].Findings)
	facts.Findings = checks.Described(a.brought(a.findings(ctx, results[0].Findings), now, base, head, c))
	facts.Stood = len(now) - len(facts.Findings)
	for _, allowed := range results[1].Allowed {
		f := checks.Described(a.findings(ctx, []audit.Finding{allowed.Finding}))
		facts.Allowed = append(facts.Allowed, text.AuditAllowed{Finding: f[0], Reason: a.Scanner.RedactString(ctx, allowed.Reason)})
	}
	facts.Gaps = append(facts.Gaps, a.gaps(ctx, head, c.head, results[1].Notes)...)
	if !mapped {
		return nil
	}
	maps, err := a.routeMaps(ctx, base, head)
	if err != nil {
		return err
	}
	facts.Routes = routemap.Brought(maps[0], maps[1], facts.This(), a.linked())
	return nil
}

// linked is how a map of routes links to files.
func (a *auditing) linked() routemap.Options {
	return routemap.Options{Repository: a.Recorder.WithURL(a.repository).URL, Commit: a.task.head}
}

// brought returns what a pull request brings of the findings at its head, and marks those on lines that it changed.
func (a *auditing) brought(stood, now []respond.AuditFinding, base, head *snapshot, c changes) []respond.AuditFinding {
	before := func(name string) []byte {
		if from, moved := c.renamed[name]; moved {
			name = from
		}
		return a.shelf.texts[base.blobs[name]]
	}
	after := func(name string) []byte { return a.shelf.texts[head.blobs[name]] }
	compared := map[string]map[int]int{}
	aligned := func(name string) map[int]int {
		if compared[name] == nil {
			compared[name] = align(before(name), after(name))
		}
		return compared[name]
	}
	brought := newFindings(
		side{underNewNames(stood, c.renamed), func(name string, n int) string { return lineOf(before(name), n) }},
		side{now, func(name string, n int) string { return lineOf(after(name), n) }}, aligned)
	for i, f := range brought {
		if f.Line == 0 {
			brought[i].Changed = c.added[f.Path]
			continue
		}
		for line := f.Line; line <= max(f.Line, f.EndLine); line++ {
			brought[i].Changed = brought[i].Changed || aligned(f.Path)[line] == 0
		}
	}
	return brought
}

// uses reports whether a commit's repository uses Clerk. What is known of the default branch saves reading the files.
func (a *auditing) uses(ctx context.Context, files *snapshot, named []string, digest string) (bool, error) {
	if a.last.Clerk && a.last.Manifests == digest {
		return true, nil
	}
	a.shelf.ask(files, named)
	if err := a.fill(ctx, a.client, a.shelf); err != nil {
		return false, err
	}
	return usesClerk(tree{files, a.shelf}, named), nil
}

// run audits commits, and reads what that takes. What panics is no reason to try again: gaps says so.
func (a *auditing) run(ctx context.Context, options audit.Options, commits ...*snapshot) (results []audit.Result, gaps []string, err error) {
	results = make([]audit.Result, len(commits))
	ok, err := a.rounds(ctx, len(commits), func(i int) (err error) {
		results[i], err = audit.Run(ctx, tree{commits[i], a.shelf}, options)
		return err
	})
	if err == nil && !ok {
		return make([]audit.Result, len(commits)), []string{"the audit failed: see the log of the rekey server"}, nil
	}
	return results, nil, err
}

// rounds looks at each of n commits, and again as long as that asks for files that can be read. ok is false where it failed, which is no
// reason to try again.
func (a *auditing) rounds(ctx context.Context, n int, look func(int) error) (ok bool, err error) {
	defer func() { a.shelf.asked = nil }()
	for range maxRounds {
		if err := a.fill(ctx, a.client, a.shelf); err != nil {
			return false, err
		}
		for i := range n {
			failed := outcome.Contain(func() error { return look(i) })
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			if failed != nil {
				a.Log.ErrorContext(ctx, "audit failed", "repository", a.Recorder.Named(a.repository.ID), "head", a.task.head, "error", failed, outcome.Stack(failed))
				return false, nil
			}
		}
		if len(a.shelf.asked) == 0 {
			break
		}
	}
	return true, nil
}

// done notes an audit that came to its end.
func (a *auditing) done(ctx context.Context, findings, gaps int) {
	result := "clean"
	switch {
	case findings > 0:
		result = "found"
	case gaps > 0:
		result = "unread"
	}
	a.Metrics.audited(a.task, result)
	a.Metrics.took(a.Now().Sub(a.began))
	a.Log.InfoContext(ctx, "audited", "repository", a.Recorder.Named(a.repository.ID), "head", a.task.head, "pull", a.pull, "files", len(a.shelf.texts),
		"bytes", a.shelf.bytes, "findings", findings, "gaps", gaps)
}
