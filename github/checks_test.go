package github_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
)

func checkRun() github.CheckRun {
	return github.CheckRun{
		Name: "Clerk secret keys", HeadSHA: sha, ExternalID: "scan-1",
		Conclusion: github.Failure, Title: "1 key", Summary: "summary", Text: "text",
		Annotations: []github.Annotation{{
			Path: "a.env", StartLine: 3, EndLine: 3, StartColumn: 5, EndColumn: 54, Level: "failure", Title: "t", Message: "m",
		}},
		Actions:     []github.Button{{"Check again", "Scans again", "rescan"}},
		StartedAt:   time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		CompletedAt: time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC),
	}
}

func TestCreateCheckRun(t *testing.T) {
	s := newStub()
	s.on("POST", "/check-runs", answer(201, `{"id":12}`))
	run := checkRun()
	run.Annotations = append(run.Annotations, github.Annotation{
		Path: "b", StartLine: 3, EndLine: 4, StartColumn: 5, EndColumn: 6, Level: "notice", Message: "m",
	})
	id, err := s.client(t).CreateCheckRun(t.Context(), run)
	if err != nil || id != 12 {
		t.Fatalf("%d, %v", id, err)
	}
	var got, want any
	if err := json.Unmarshal([]byte(s.bodies[len(s.bodies)-1]), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(`{
		"name": "Clerk secret keys", "head_sha": "`+sha+`", "external_id": "scan-1",
		"status": "completed", "conclusion": "failure", "started_at": "2026-03-01T12:00:00Z", "completed_at": "2026-03-01T12:00:01Z",
		"output": {"title": "1 key", "summary": "summary", "text": "text", "annotations": [
			{"path": "a.env", "start_line": 3, "end_line": 3, "start_column": 5, "end_column": 54, "annotation_level": "failure", "title": "t", "message": "m"},
			{"path": "b", "start_line": 3, "end_line": 4, "annotation_level": "notice", "message": "m"}
		]},
		"actions": [{"label": "Check again", "description": "Scans again", "identifier": "rescan"}]
	}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAnnotationsGoInFifties(t *testing.T) {
	s := newStub()
	var sizes []int
	failAt := 0
	take := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Name   string
				Output struct {
					Title, Summary string
					Annotations    []any
				}
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Name == "" || body.Output.Title == "" || body.Output.Summary == "" {
				t.Errorf("%+v, %v", body, err)
			}
			sizes = append(sizes, len(body.Output.Annotations))
			if failAt == len(sizes) {
				answer(502, ``)(w, r)
				return
			}
			answer(status, `{"id":12}`)(w, r)
		}
	}
	s.on("POST", "/check-runs", take(201))
	s.on("PATCH", "/check-runs/12", take(200))
	run := checkRun()
	run.Annotations = nil
	for i := range 120 {
		run.Annotations = append(run.Annotations, github.Annotation{
			Path: fmt.Sprintf("f%d", i), StartLine: 1, EndLine: 1, Level: "failure", Message: "m",
		})
	}
	c := s.client(t)
	id, err := c.CreateCheckRun(t.Context(), run)
	if diff := cmp.Diff([]int{50, 50, 20}, sizes); diff != "" || err != nil || id != 12 {
		t.Errorf("%d, %v, %s", id, err, diff)
	}
	sizes, failAt = nil, 2
	id, err = c.CreateCheckRun(t.Context(), run)
	if diff := cmp.Diff([]int{50, 50}, sizes); diff != "" || err == nil || id != 12 {
		t.Errorf("created, then cut off: %d, %v, %s", id, err, diff)
	}
	sizes, failAt = nil, 0
	err = c.UpdateCheckRun(t.Context(), 12, run)
	if diff := cmp.Diff([]int{50, 50, 20}, sizes); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	sizes, failAt = nil, 1
	if id, err := c.CreateCheckRun(t.Context(), run); err == nil || id != 0 {
		t.Errorf("not created: %d, %v", id, err)
	}
}

func TestCheckRunsOverGitHubsLimitsAreNotSent(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	s := newStub()
	s.on("POST", "/check-runs", answer(201, `{"id":12}`))
	c := s.client(t)
	fits := checkRun()
	fits.Title, fits.Summary, fits.Text = long(255), long(65535), long(65535)
	fits.Annotations[0].Title = long(255)
	fits.Annotations[0].Message = strings.Repeat("m", 64<<10)
	fits.Actions = []github.Button{{long(20), long(40), long(20)}, {"a", "b", "c"}, {"a", "b", "d"}}
	if _, err := c.CreateCheckRun(t.Context(), fits); err != nil {
		t.Errorf("at the limits: %v", err)
	}
	before := len(s.seen())
	for name, spoil := range map[string]func(*github.CheckRun){
		"title":       func(r *github.CheckRun) { r.Title = long(256) },
		"summary":     func(r *github.CheckRun) { r.Summary = long(65536) },
		"text":        func(r *github.CheckRun) { r.Text = long(65536) },
		"no summary":  func(r *github.CheckRun) { r.Summary = "" },
		"name":        func(r *github.CheckRun) { r.Name = "" },
		"commit":      func(r *github.CheckRun) { r.HeadSHA = "main" },
		"conclusion":  func(r *github.CheckRun) { r.Conclusion = "" },
		"buttons":     func(r *github.CheckRun) { r.Actions = make([]github.Button, 4) },
		"label":       func(r *github.CheckRun) { r.Actions[0].Label = long(21) },
		"description": func(r *github.CheckRun) { r.Actions[0].Description = long(41) },
		"identifier":  func(r *github.CheckRun) { r.Actions[0].Identifier = long(21) },
		"level":       func(r *github.CheckRun) { r.Annotations[0].Level = "error" },
		"line 0":      func(r *github.CheckRun) { r.Annotations[0].StartLine = 0 },
		"lines":       func(r *github.CheckRun) { r.Annotations[0].EndLine = 2 },
		"message":     func(r *github.CheckRun) { r.Annotations[0].Message = strings.Repeat("m", 64<<10+1) },
		"no message":  func(r *github.CheckRun) { r.Annotations[0].Message = "" },
		"path":        func(r *github.CheckRun) { r.Annotations[0].Path = "" },
		"its title":   func(r *github.CheckRun) { r.Annotations[0].Title = long(256) },
	} {
		run := checkRun()
		spoil(&run)
		_, err := c.CreateCheckRun(t.Context(), run)
		if _, ok := errors.AsType[*github.InvalidError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
		if name == "commit" {
			continue // an update does not say it again
		}
		if err := c.UpdateCheckRun(t.Context(), 1, run); err == nil || github.Classify(err, time.Now()).Do != github.GiveUp {
			t.Errorf("%s: update: %v", name, err)
		}
	}
	if len(s.seen()) != before {
		t.Errorf("sent %q", s.seen()[before:])
	}
}

func TestFindCheckRuns(t *testing.T) {
	s := newStub()
	s.on("GET", "/commits/"+sha+"/check-runs", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("app_id") != "21" || query.Get("filter") != "all" || query.Get("check_name") != "Clerk secret keys" {
			t.Errorf("%v", query)
		}
		run := func(id int, external string, app int) string {
			return fmt.Sprintf(`{"id":%d,"name":"Clerk secret keys","external_id":%q,"app":{"id":%d}}`, id, external, app)
		}
		if query.Get("page") == "" {
			next := fmt.Sprintf(`<%s%s&page=2>; rel="next", <%s>; rel="last"`, "https://git.example.com", r.URL.RequestURI(), "https://git.example.com/x")
			answer(200, `{"total_count":3,"check_runs":[`+run(1, "scan-2", 21)+`,`+run(2, "scan-1", 99)+`]}`, "Link", next)(w, r)
			return
		}
		answer(200, `{"total_count":3,"check_runs":[`+run(4, "scan-1", 21)+`,`+run(3, "scan-1", 21)+`]}`)(w, r)
	})
	c := s.client(t)
	if ids, err := c.FindCheckRuns(t.Context(), sha, "Clerk secret keys", "scan-1"); !slices.Equal(ids, []int64{3, 4}) || err != nil {
		t.Errorf("%d, %v: not the two, oldest first", ids, err)
	}
	if ids, err := c.FindCheckRuns(t.Context(), sha, "Clerk secret keys", "scan-4"); len(ids) > 0 || err != nil {
		t.Errorf("%d, %v", ids, err)
	}
	if _, err := c.FindCheckRuns(t.Context(), "../x", "Clerk secret keys", "scan-4"); err == nil {
		t.Error("a path for a commit is taken")
	}
}
