package githubtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Rerequest asks for a check run again, as "Re-run" does, and sends check_run.rerequested. The commit's check suite is queued until
// one of its runs is updated; the run itself stays as it is.
func (r *Repository) Rerequest(ctx context.Context, run int64, by *Account) (Delivery, error) {
	return r.checkRunEvent(ctx, run, by, object{"action": "rerequested"}, func(run *checkRun) error {
		run.suite.again = true
		return nil
	})
}

// SuiteStatus returns how GitHub shows the App's checks of a commit as a whole: queued, in_progress or completed; "" for none.
func (r *Repository) SuiteStatus(sha string) string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	one := r.suites[sha]
	if one == nil {
		return ""
	}
	status, _, _ := r.state(one)
	return status
}

// PressButton presses one of the run's buttons and sends check_run.requested_action. A button that the run does not have
// is an error.
func (r *Repository) PressButton(ctx context.Context, run int64, identifier string, by *Account) (Delivery, error) {
	return r.checkRunEvent(ctx, run, by, object{
		"action": "requested_action", "requested_action": object{"identifier": identifier},
	}, func(run *checkRun) error {
		if !slices.ContainsFunc(run.actions, func(b Button) bool { return b.Identifier == identifier }) {
			return fmt.Errorf("check run %d has no button %q", run.id, identifier)
		}
		return nil
	})
}

func (r *Repository) checkRunEvent(ctx context.Context, id int64, by *Account, body object, check func(*checkRun) error) (Delivery, error) {
	s := r.s
	s.mu.Lock()
	run := r.run(id)
	var err error
	if run == nil {
		err = fmt.Errorf("%s has no check run %d", r.fullName(), id)
	} else if check != nil {
		err = check(run)
	}
	var d *Delivery
	if in := s.installationOf(r); err == nil && in != nil {
		body["check_run"] = s.checkRunEventJSON(r, run)
		body["repository"] = s.repositoryJSON(r)
		d = s.delivery("check_run", in.id, r, by, body)
	}
	s.mu.Unlock()
	if err != nil {
		return Delivery{}, err
	}
	return s.send(ctx, d), nil
}

// RerequestSuite asks for all checks of a commit again, as "Re-run all checks" does, and sends check_suite.rerequested.
func (r *Repository) RerequestSuite(ctx context.Context, sha string, by *Account) (Delivery, error) {
	s := r.s
	s.mu.Lock()
	one := r.suites[sha]
	var d *Delivery
	if in := s.installationOf(r); one != nil && in != nil {
		one.again = true
		d = s.delivery("check_suite", in.id, r, by, object{
			"action": "rerequested", "check_suite": s.suiteJSON(r, one), "repository": s.repositoryJSON(r),
		})
	}
	name := r.fullName()
	s.mu.Unlock()
	if one == nil {
		return Delivery{}, fmt.Errorf("%s has no check suite for %s", name, sha)
	}
	return s.send(ctx, d), nil
}

// suiteRequested makes the suite of a pushed commit. GitHub asks for each commit once, whatever branches it is pushed to.
func (s *Server) suiteRequested(r *Repository, in *Installation, p Push, before, after string, head *logEntry) *Delivery {
	branch, isBranch := strings.CutPrefix(p.Ref, "refs/heads/")
	if !isBranch || after == zeroID || !granted(in.permissions["checks"], "write") {
		return nil
	}
	one, fresh := r.suiteOf(after)
	if !fresh {
		return nil
	}
	one.branch, one.before, one.head = branch, before, head
	return s.delivery("check_suite", in.id, r, p.By, object{
		"action": "requested", "check_suite": s.suiteJSON(r, one), "repository": s.repositoryJSON(r),
	})
}

// echoCheckRun tells the App in the background what it did itself, as GitHub does.
func (s *Server) echoCheckRun(r *Repository, run *checkRun, action string) {
	if in := s.installationOf(r); in != nil {
		s.echo(s.delivery("check_run", in.id, r, s.bot, object{
			"action": action, "check_run": s.checkRunEventJSON(r, run), "repository": s.repositoryJSON(r),
		}))
	}
}

// checkRunEventJSON is a check run as events show it: with its suite.
func (s *Server) checkRunEventJSON(r *Repository, run *checkRun) object {
	j := s.checkRunJSON(r, run)
	brief := s.suiteJSON(r, run.suite)
	for _, name := range []string{"head_commit", "repository", "latest_check_runs_count", "check_runs_url"} {
		delete(brief, name)
	}
	j["check_suite"] = brief
	return j
}

// state is what the suite's runs make it.
func (r *Repository) state(one *suite) (status string, conclusion any, runs int) {
	status, conclusion = "queued", nil
	worst := ""
	open := 0
	for _, run := range r.runs {
		if run.suite != one {
			continue
		}
		runs++
		switch {
		case run.status != "completed":
			open++
		case worst == "" || run.conclusion == "failure":
			worst = run.conclusion
		}
	}
	switch {
	case one.again:
	case open > 0:
		status = "in_progress"
	case runs > 0:
		status, conclusion = "completed", worst
	}
	return status, conclusion, runs
}

func (s *Server) suiteJSON(r *Repository, one *suite) object {
	api := s.APIURL() + "/repos/" + r.fullName() + "/check-suites/" + itoa(one.id)
	status, conclusion, runs := r.state(one)
	if one.head == nil {
		if entries, err := r.logOne(one.sha); err == nil && len(entries) > 0 {
			one.head = &entries[0]
		}
	}
	var head any
	if one.head != nil {
		head = simpleCommitJSON(*one.head)
	}
	return object{
		"id": one.id, "node_id": nodeID("CheckSuite", one.id), "head_branch": orNull(one.branch), "head_sha": one.sha,
		"status": status, "conclusion": conclusion, "url": api, "before": orNull(one.before), "after": one.sha,
		"pull_requests": s.pullsAt(r, one.sha), "app": s.appJSON(), "created_at": stamp(one.created),
		"updated_at": stamp(one.created), "rerequestable": true, "runs_rerequestable": true, "latest_check_runs_count": runs,
		"check_runs_url": api + "/check-runs", "head_commit": head,
	}
}
