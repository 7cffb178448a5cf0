package githubtest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// checkRun is a check run. The App is the only one that writes them.
type checkRun struct {
	id                                    int64
	suite                                 *suite
	name, headSHA, externalID, detailsURL string
	status, conclusion                    string
	started, completed                    time.Time
	title, summary, text                  string
	hasOutput                             bool
	annotations                           []Annotation
	actions                               []Button
}

// suite is the App's check suite of one commit: there is one only, however many branches hold the commit.
type suite struct {
	id      int64
	sha     string
	branch  string // "" for a fork's head
	before  string
	head    *logEntry
	created time.Time
	again   bool // asked for again, and no run of it was updated since
}

// Annotation marks lines of a file. StartColumn and EndColumn are 0 where none were given.
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn int    `json:"start_column"`
	EndColumn   int    `json:"end_column"`
	Level       string `json:"annotation_level"`
	Title       string `json:"title"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details"`
}

// Button is a check run's requested action.
type Button struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CheckRun is a check run as it stands.
type CheckRun struct {
	ID                                    int64
	Name, HeadSHA, ExternalID, DetailsURL string
	Status, Conclusion                    string
	Started, Completed                    time.Time
	Title, Summary, Text                  string
	Annotations                           []Annotation
	Actions                               []Button
}

// CheckRuns lists the repository's check runs, oldest first; those of one commit if sha is given.
func (r *Repository) CheckRuns(sha string) []CheckRun {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []CheckRun
	for _, run := range r.runs {
		if sha == "" || run.headSHA == sha {
			list = append(list, CheckRun{
				ID: run.id, Name: run.name, HeadSHA: run.headSHA, ExternalID: run.externalID, DetailsURL: run.detailsURL,
				Status: run.status, Conclusion: run.conclusion, Started: run.started, Completed: run.completed,
				Title: run.title, Summary: run.summary, Text: run.text,
				Annotations: slices.Clone(run.annotations), Actions: slices.Clone(run.actions),
			})
		}
	}
	return list
}

// suiteOf returns the commit's suite, made at the first call. fresh means that it was.
func (r *Repository) suiteOf(sha string) (one *suite, fresh bool) {
	if one := r.suites[sha]; one != nil {
		return one, false
	}
	one = &suite{id: r.s.id(), sha: sha, created: r.s.opt.Now()}
	r.suites[sha] = one
	return one, true
}

// checkRunRequest is the body of creating and updating. Absent fields are nil.
type checkRunRequest struct {
	Name        *string    `json:"name"`
	HeadSHA     *string    `json:"head_sha"`
	DetailsURL  *string    `json:"details_url"`
	ExternalID  *string    `json:"external_id"`
	Status      *string    `json:"status"`
	Conclusion  *string    `json:"conclusion"`
	StartedAt   *time.Time `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	Output      *struct {
		Title       *string             `json:"title"`
		Summary     *string             `json:"summary"`
		Text        *string             `json:"text"`
		Annotations []annotationRequest `json:"annotations"`
	} `json:"output"`
	Actions []Button `json:"actions"`
}

type annotationRequest struct {
	Path        *string `json:"path"`
	StartLine   *int    `json:"start_line"`
	EndLine     *int    `json:"end_line"`
	StartColumn *int    `json:"start_column"`
	EndColumn   *int    `json:"end_column"`
	Level       *string `json:"annotation_level"`
	Title       *string `json:"title"`
	Message     *string `json:"message"`
	RawDetails  *string `json:"raw_details"`
}

// createCheckRun is POST /repos/{owner}/{repo}/check-runs.
func createCheckRun(c *call) answer {
	var req checkRunRequest
	if a, fits := c.decode(&req); !fits {
		return a
	}
	if a, fits := req.check(true); !fits {
		return a
	}
	if !c.repo.hasCommit(*req.HeadSHA) {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+*req.HeadSHA)
	}
	one, _ := c.repo.suiteOf(*req.HeadSHA)
	run := &checkRun{id: c.s.id(), suite: one, headSHA: *req.HeadSHA, status: "queued", started: c.s.opt.Now()}
	run.take(&req, c.s.opt.Now())
	one.again = false
	c.repo.runs = append(c.repo.runs, run)
	c.s.echoCheckRun(c.repo, run, "created")
	if run.status == "completed" {
		c.s.echoCheckRun(c.repo, run, "completed")
	}
	return created(c.s.checkRunJSON(c.repo, run))
}

// updateCheckRun is PATCH /repos/{owner}/{repo}/check-runs/{id}.
func updateCheckRun(c *call) answer {
	run := c.repo.run(c.number("id"))
	if run == nil {
		return notFound()
	}
	var req checkRunRequest
	if a, fits := c.decode(&req); !fits {
		return a
	}
	if a, fits := req.check(false); !fits {
		return a
	}
	was := run.status
	run.suite.again = false
	run.take(&req, c.s.opt.Now())
	if run.status == "completed" && was != "completed" {
		c.s.echoCheckRun(c.repo, run, "completed")
	}
	return ok(c.s.checkRunJSON(c.repo, run))
}

// take makes a checked request part of the run.
func (run *checkRun) take(req *checkRunRequest, now time.Time) {
	set(&run.name, req.Name)
	set(&run.detailsURL, req.DetailsURL)
	set(&run.externalID, req.ExternalID)
	set(&run.started, req.StartedAt)
	if req.Status != nil && *req.Status != "completed" && req.Conclusion == nil {
		run.status, run.conclusion, run.completed = *req.Status, "", time.Time{}
	}
	if req.Conclusion != nil {
		run.status, run.conclusion, run.completed = "completed", *req.Conclusion, now
	}
	set(&run.completed, req.CompletedAt)
	if req.Actions != nil {
		run.actions = req.Actions
	}
	if req.Output == nil {
		return
	}
	run.hasOutput = true
	set(&run.title, req.Output.Title)
	set(&run.summary, req.Output.Summary)
	set(&run.text, req.Output.Text)
	for _, a := range req.Output.Annotations {
		run.annotations = append(run.annotations, Annotation{
			Path: *a.Path, StartLine: *a.StartLine, EndLine: *a.EndLine, StartColumn: deref(a.StartColumn),
			EndColumn: deref(a.EndColumn), Level: *a.Level, Title: deref(a.Title), Message: *a.Message, RawDetails: deref(a.RawDetails),
		})
	}
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func (r *Repository) run(id int64) *checkRun {
	for _, run := range r.runs {
		if run.id == id {
			return run
		}
	}
	return nil
}

// getCheckRun is GET /repos/{owner}/{repo}/check-runs/{id}.
func getCheckRun(c *call) answer {
	run := c.repo.run(c.number("id"))
	if run == nil {
		return notFound()
	}
	return ok(c.s.checkRunJSON(c.repo, run))
}

// listAnnotations is GET /repos/{owner}/{repo}/check-runs/{id}/annotations.
func listAnnotations(c *call) answer {
	run := c.repo.run(c.number("id"))
	if run == nil {
		return notFound()
	}
	cut, link := page(c, run.annotations)
	list := []object{}
	for _, a := range cut {
		list = append(list, object{
			"path": a.Path, "blob_href": c.s.baseURL + "/" + c.repo.fullName() + "/blob/" + run.headSHA + "/" + a.Path,
			"start_line": a.StartLine, "end_line": a.EndLine, "start_column": zeroIsNull(a.StartColumn),
			"end_column": zeroIsNull(a.EndColumn), "annotation_level": a.Level, "title": orNull(a.Title), "message": a.Message,
			"raw_details": orNull(a.RawDetails),
		})
	}
	return answer{status: 200, body: list, link: link}
}

func zeroIsNull(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// listCheckRuns is GET /repos/{owner}/{repo}/commits/{ref}/check-runs. Unless all are asked for, of each name the latest.
func listCheckRuns(c *call) answer {
	sha, found := c.repo.resolve(c.path("ref"))
	if !found {
		return fail(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.path("ref"))
	}
	q := c.r.URL.Query()
	latest := map[string]bool{}
	var runs []*checkRun
	for _, run := range slices.Backward(c.repo.runs) {
		fits := run.headSHA == sha && (q.Get("check_name") == "" || q.Get("check_name") == run.name) &&
			(q.Get("status") == "" || q.Get("status") == run.status) &&
			(q.Get("app_id") == "" || q.Get("app_id") == itoa(c.s.opt.AppID))
		if !fits || latest[run.name] && cmp.Or(q.Get("filter"), "latest") == "latest" {
			continue
		}
		latest[run.name] = true
		runs = append(runs, run)
	}
	cut, link := page(c, runs)
	list := []object{}
	for _, run := range cut {
		list = append(list, c.s.checkRunJSON(c.repo, run))
	}
	return answer{status: 200, link: link, body: object{"total_count": len(runs), "check_runs": list}}
}

// resolve finds the commit of a ref as REST takes it: an id, a branch, heads/…, tags/… .
func (r *Repository) resolve(ref string) (sha string, found bool) {
	if strings.HasPrefix(ref, "-") {
		return "", false
	}
	if r.hasCommit(ref) {
		return ref, true
	}
	for _, name := range []string{"refs/" + ref, "refs/heads/" + ref, "refs/tags/" + ref} {
		if sha, found := r.commitOf(name); found {
			return sha, true
		}
	}
	return "", false
}

func (s *Server) checkRunJSON(r *Repository, run *checkRun) object {
	api := s.APIURL() + "/repos/" + r.fullName() + "/check-runs/" + itoa(run.id)
	html := fmt.Sprintf("%s/%s/runs/%d", s.baseURL, r.fullName(), run.id)
	output := object{"title": nil, "summary": nil, "text": nil, "annotations_count": len(run.annotations), "annotations_url": api + "/annotations"}
	if run.hasOutput {
		output["title"], output["summary"], output["text"] = orNull(run.title), orNull(run.summary), orNull(run.text)
	}
	return object{
		"id": run.id, "node_id": nodeID("CheckRun", run.id), "head_sha": run.headSHA, "external_id": run.externalID, "url": api,
		"html_url": html, "details_url": cmp.Or(run.detailsURL, s.baseURL), "status": run.status,
		"conclusion": orNull(run.conclusion), "started_at": stampOrNull(run.started), "completed_at": stampOrNull(run.completed),
		"output": output, "name": run.name, "check_suite": object{"id": run.suite.id}, "app": s.appJSON(),
		"pull_requests": s.pullsAt(r, run.headSHA),
	}
}
