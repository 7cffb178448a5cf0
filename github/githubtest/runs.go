package githubtest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Run is a run of GitHub Actions that ended.
type Run struct {
	Workflow   string // "": CI
	SHA        string // "": the default branch's tip
	Branch     string // "": the default branch
	Conclusion string // "": success
	Steps      []RunStep
	Logs       []byte // in place of what the steps printed: the zip archive itself
}

// RunStep is a step of a job with what it printed. GitHub masks nothing that no secret was registered for.
type RunStep struct{ Job, Name, Log string }

type run struct {
	id                            int64
	number                        int
	workflow, sha, branch, result string
	at                            time.Time
	by                            *Account
	head                          logEntry
	logs                          []byte
	jobs                          []string
	again                         bool // it is being run again
}

// Rerun runs a run again, which doesn't end: until then GitHub shows no logs of it. Those of its first attempt stay.
func (r *Repository) Rerun(id int64) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.workflowRun(id).again = true
}

// CompleteRun is the end of a run of GitHub Actions, and sends workflow_run.completed.
func (r *Repository) CompleteRun(ctx context.Context, opt Run, by *Account) (id int64, sent Delivery, err error) {
	s := r.s
	branch := cmp.Or(opt.Branch, r.DefaultBranch())
	if opt.SHA == "" {
		if opt.SHA, err = r.Tip("refs/heads/" + branch); err != nil {
			return 0, Delivery{}, err
		}
	}
	head, err := r.logOne(opt.SHA)
	if err != nil {
		return 0, Delivery{}, err
	}
	if opt.Logs == nil {
		if opt.Logs, err = zipSteps(opt.Steps, s.opt.Now()); err != nil {
			return 0, Delivery{}, err
		}
	}
	var jobs []string
	for _, step := range opt.Steps {
		if !slices.Contains(jobs, step.Job) {
			jobs = append(jobs, step.Job)
		}
	}
	s.mu.Lock()
	v := &run{
		jobs: jobs, id: s.id(), number: len(r.actions) + 1, workflow: cmp.Or(opt.Workflow, "CI"), sha: opt.SHA, branch: branch,
		result: cmp.Or(opt.Conclusion, "success"), at: s.opt.Now(), by: by, head: head[0], logs: opt.Logs,
	}
	r.actions = append(r.actions, v)
	d := s.inRepositoryDelivery("workflow_run", r, by, object{
		"action": "completed", "workflow_run": s.runJSON(r, v), "workflow": s.workflowJSON(r, v),
	}, nil)
	s.mu.Unlock()
	return v.id, s.send(ctx, d), nil
}

// zipSteps writes logs as GitHub gives them: a file for each job, and one for each of its steps, with a time before each line.
func zipSteps(steps []RunStep, at time.Time) ([]byte, error) {
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	jobs := map[string]*strings.Builder{}
	var names []string
	counts := map[string]int{}
	write := func(name, text string) error {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		return err
	}
	for _, step := range steps {
		if jobs[step.Job] == nil {
			jobs[step.Job] = &strings.Builder{}
			names = append(names, step.Job)
		}
		var text strings.Builder
		for line := range strings.Lines(step.Log) {
			text.WriteString(at.UTC().Format("2006-01-02T15:04:05.0000000Z") + " " + line)
		}
		counts[step.Job]++
		if err := write(fmt.Sprintf("%s/%d_%s.txt", inArchive(step.Job), counts[step.Job], step.Name), text.String()); err != nil {
			return nil, err
		}
		jobs[step.Job].WriteString(text.String())
	}
	for i, name := range names {
		if err := write(fmt.Sprintf("%d_%s.txt", i, inArchive(name)), jobs[name].String()); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}

// inArchive is a job's name in the names of its logs' files.
func inArchive(job string) string { return strings.NewReplacer("/", "", ":", "").Replace(job) }

// HasLogs reports whether the logs of a run are there.
func (r *Repository) HasLogs(id int64) bool {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	v := r.workflowRun(id)
	return v != nil && v.logs != nil
}

func (r *Repository) workflowRun(id int64) *run {
	at := slices.IndexFunc(r.actions, func(v *run) bool { return v.id == id })
	if at < 0 {
		return nil
	}
	return r.actions[at]
}

func (s *Server) workflowJSON(r *Repository, v *run) object {
	web, api := s.baseURL+"/"+r.fullName(), s.APIURL()+"/repos/"+r.fullName()
	return object{
		"id": r.id, "node_id": nodeID("Workflow", r.id), "name": v.workflow, "path": ".github/workflows/ci.yml", "state": "active",
		"created_at": stamp(r.created), "updated_at": stamp(r.created), "url": api + "/actions/workflows/" + itoa(r.id),
		"html_url": web + "/blob/" + r.defaultBranch + "/.github/workflows/ci.yml", "badge_url": web + "/workflows/CI/badge.svg",
	}
}

func (s *Server) runJSON(r *Repository, v *run) object {
	api := fmt.Sprintf("%s/repos/%s/actions/runs/%d", s.APIURL(), r.fullName(), v.id)
	suite := s.APIURL() + "/repos/" + r.fullName() + "/check-suites/" + itoa(v.id)
	return object{
		"id": v.id, "name": v.workflow, "node_id": nodeID("WorkflowRun", v.id), "head_branch": v.branch, "head_sha": v.sha,
		"path": ".github/workflows/ci.yml", "display_title": v.head.message, "run_number": v.number, "run_attempt": 1, "event": "push",
		"status": "completed", "conclusion": v.result, "workflow_id": r.id, "check_suite_id": v.id,
		"check_suite_node_id": nodeID("CheckSuite", v.id), "url": api, "html_url": fmt.Sprintf("%s/%s/actions/runs/%d", s.baseURL, r.fullName(), v.id),
		"pull_requests": []object{}, "created_at": stamp(v.at), "updated_at": stamp(v.at), "run_started_at": stamp(v.at),
		"actor": s.accountJSON(v.by), "triggering_actor": s.accountJSON(v.by), "referenced_workflows": []object{},
		"jobs_url": api + "/jobs", "logs_url": api + "/logs", "check_suite_url": suite, "artifacts_url": api + "/artifacts",
		"cancel_url": api + "/cancel", "rerun_url": api + "/rerun", "previous_attempt_url": nil,
		"workflow_url": s.APIURL() + "/repos/" + r.fullName() + "/actions/workflows/" + itoa(r.id),
		"head_commit":  simpleCommitJSON(v.head), "repository": s.repositoryJSON(r), "head_repository": s.repositoryJSON(r),
	}
}

// listRuns is GET /repos/{owner}/{repo}/actions/runs, newest first. All runs have ended here.
func listRuns(c *call) answer {
	all := slices.Clone(c.repo.actions)
	slices.Reverse(all)
	list := []object{}
	cut, link := page(c, all)
	for _, v := range cut {
		list = append(list, c.s.runJSON(c.repo, v))
	}
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(all), "workflow_runs": list}}
}

// listRunJobs is GET /repos/{owner}/{repo}/actions/runs/{run_id}/jobs.
func listRunJobs(c *call) answer {
	v := c.repo.workflowRun(c.number("id"))
	if v == nil {
		return notFound()
	}
	list := []object{}
	for i, name := range v.jobs {
		list = append(list, c.s.jobJSON(c.repo, v, v.id*100+int64(i), name))
	}
	return ok(object{"total_count": len(list), "jobs": list})
}

func (s *Server) jobJSON(r *Repository, v *run, id int64, name string) object {
	api := s.APIURL() + "/repos/" + r.fullName()
	status, conclusion, ended := "completed", any(v.result), any(stamp(v.at))
	if v.again {
		status, conclusion, ended = "in_progress", nil, nil
	}
	return object{
		"id": id, "run_id": v.id, "run_url": api + "/actions/runs/" + itoa(v.id), "node_id": nodeID("CheckRun", id), "head_sha": v.sha,
		"url": api + "/actions/jobs/" + itoa(id), "html_url": fmt.Sprintf("%s/%s/actions/runs/%d/job/%d", s.baseURL, r.fullName(), v.id, id),
		"status": status, "conclusion": conclusion, "created_at": stamp(v.at), "started_at": stamp(v.at), "completed_at": ended,
		"name": name, "check_run_url": api + "/check-runs/" + itoa(id), "labels": []string{"ubuntu-latest"}, "runner_id": 1,
		"runner_name": "GitHub Actions 1", "runner_group_id": 0, "runner_group_name": "GitHub Actions", "workflow_name": v.workflow,
		"head_branch": v.branch,
	}
}

// getRunLogs is GET /repos/{owner}/{repo}/actions/runs/{run_id}/logs.
func getRunLogs(c *call) answer {
	v := c.repo.workflowRun(c.number("id"))
	switch {
	case v == nil, v.again:
		return notFound()
	case v.logs == nil:
		return fail(http.StatusGone, "Server Error") // so GitHub says that they are gone
	}
	return c.s.inStorage(v.logs, "application/zip")
}

// deleteRunLogs is DELETE /repos/{owner}/{repo}/actions/runs/{run_id}/logs.
func deleteRunLogs(c *call) answer {
	v := c.repo.workflowRun(c.number("id"))
	if v == nil {
		return notFound()
	}
	v.logs = nil
	return answer{status: http.StatusNoContent}
}
