package github_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
)

func TestCreateIssueWithoutThoseItCannotBeAssignedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStub()
		s.on("POST", "/issues", func(w http.ResponseWriter, r *http.Request) {
			var request struct{ Assignees, Labels []string }
			_ = json.NewDecoder(r.Body).Decode(&request)
			if len(request.Assignees) > 0 {
				answer(422, `{"message":"Validation Failed","errors":[{"value":"gone","resource":"Issue","field":"assignees","code":"invalid"}]}`)(w, r)
				return
			}
			answer(201, `{"number":4,"id":40,"html_url":"https://git.example.com/acme/api/issues/4","state":"open","labels":[{"name":"`+
				strings.Join(request.Labels, "")+`"}]}`)(w, r)
		})
		got, err := s.client(t).CreateIssue(t.Context(), github.Issue{Title: "t", Body: "b", Labels: []string{"clerk"}, Assignees: []string{"gone"}})
		want := github.Issue{Number: 4, ID: 40, URL: "https://git.example.com/acme/api/issues/4", State: "open", Labels: []string{"clerk"}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got\n%s", err, diff)
		}
	})
}

func TestCreateIssueFailures(t *testing.T) {
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		issue   github.Issue
		want    error
		sent    int
	}{
		"disabled":         {answer(410, `{"message":"Issues has been disabled in this repository.","status":"410"}`), github.Issue{Title: "t"}, github.ErrIssuesDisabled, 1},
		"archived":         {answer(403, `{"message":"Repository was archived so is read-only."}`), github.Issue{Title: "t"}, github.ErrArchived, 1},
		"another 422":      {answer(422, `{"message":"Validation Failed","errors":[{"field":"title","code":"missing"}]}`), github.Issue{Title: "t", Assignees: []string{"kim"}}, nil, 1},
		"no title":         {nil, github.Issue{}, nil, 0},
		"title too long":   {nil, github.Issue{Title: strings.Repeat("é", 257)}, nil, 0},
		"body too long":    {nil, github.Issue{Title: "t", Body: strings.Repeat("é", 65537)}, nil, 0},
		"at the limits":    {answer(201, `{"number":1}`), github.Issue{Title: strings.Repeat("é", 256), Body: strings.Repeat("é", 65536)}, nil, 1},
		"answer cut short": {answer(201, `{"number":1`), github.Issue{Title: "t"}, nil, 1},
	} {
		s := newStub()
		if test.handler != nil {
			s.on("POST", "/issues", test.handler)
		}
		_, err := s.client(t).CreateIssue(t.Context(), test.issue)
		if test.want != nil && !errors.Is(err, test.want) || (err == nil) != (name == "at the limits") {
			t.Errorf("%s: %v", name, err)
		}
		if len(s.seen()) != test.sent {
			t.Errorf("%s: sent %q", name, s.seen())
		}
	}
}

func TestEditIssueLeavesWhatIsEmpty(t *testing.T) {
	s := newStub()
	s.on("PATCH", "/issues/4", answer(200, `{"number":4,"state":"closed","state_reason":"completed"}`))
	c := s.client(t)
	got, err := c.EditIssue(t.Context(), github.Issue{Number: 4, State: "closed", Reason: "completed"})
	if err != nil || got.Reason != "completed" {
		t.Errorf("%+v, %v", got, err)
	}
	if body := s.bodies[len(s.bodies)-1]; body != `{"state":"closed","state_reason":"completed"}`+"\n" {
		t.Errorf("sent %s", body)
	}
	if _, err := c.EditIssue(t.Context(), github.Issue{State: "closed"}); err == nil {
		t.Error("an issue without a number is edited")
	}
}

// issueList serves 250 issues in pages of 100, the newest first. Number 30 holds the marker; so do 240, which somebody
// else wrote, and 120, which is a pull request.
func issueList(t *testing.T, takesCreator bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("state") != "all" || query.Get("sort") != "created" || query.Get("direction") != "asc" {
			t.Errorf("%v", query)
		}
		if query.Get("creator") != "" && !takesCreator {
			answer(422, `{"message":"Validation Failed"}`)(w, r)
			return
		}
		page, _ := strconv.Atoi(query.Get("page"))
		page = max(page, 1)
		var list []map[string]any
		for number := 250 - (page-1)*100; number > max(0, 250-page*100); number-- {
			issue := map[string]any{"number": number, "body": nil, "user": map[string]any{"login": "rekey-acme[bot]"}}
			switch number {
			case 30:
				issue["body"] = "text <!-- rekey:abc --> text"
			case 120:
				issue["body"], issue["pull_request"] = "<!-- rekey:abc -->", map[string]any{"url": "x"}
			case 240:
				issue["body"], issue["user"] = "<!-- rekey:abc -->", map[string]any{"login": "mallory"}
			case 241:
				issue["user"] = nil
			}
			list = append(list, issue)
		}
		if page < 3 {
			query.Set("page", strconv.Itoa(page+1))
			w.Header().Set("Link", fmt.Sprintf(`<%s/repos/acme/api/issues?%s>; rel="next"`, apiURL, query.Encode()))
		}
		text, _ := json.Marshal(list)
		answer(200, string(text))(w, r)
	}
}

func TestFindIssuePagesToTheEnd(t *testing.T) {
	for _, takesCreator := range []bool{true, false} {
		s := newStub()
		s.on("GET", "/issues", issueList(t, takesCreator))
		c := s.client(t)
		got, err := c.FindIssues(t.Context(), "<!-- rekey:abc -->", time.Time{})
		if err != nil || len(got) != 1 || got[0].Number != 30 {
			t.Errorf("%+v, %v", got, err)
		}
		if got, err := c.FindIssues(t.Context(), "<!-- rekey:xyz -->", time.Unix(1e9, 0)); err != nil || len(got) > 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if asked := count(s.seen(), "GET /app"); asked != 1 {
			t.Errorf("the App's slug was asked for %d times", asked)
		}
		last := s.seen()[len(s.seen())-1]
		if !strings.Contains(last, "since=2001-09-09T01%3A46%3A40Z") || strings.Contains(last, "creator=rekey-acme%5Bbot%5D") != takesCreator {
			t.Errorf("asked for %s", last)
		}
	}
}

func TestPagesOnAnotherHostAreNotRead(t *testing.T) {
	s := newStub()
	s.on("GET", "/issues", answer(200, `[]`, "Link", `<https://elsewhere.example.net/issues?page=2>; rel="next"`))
	_, err := s.client(t).FindIssues(t.Context(), "m", time.Time{})
	if _, ok := errors.AsType[*github.RedirectError](err); !ok {
		t.Errorf("%v", err)
	}
}

func TestIssueAndComments(t *testing.T) {
	s := newStub()
	s.on("GET", "/issues/4", answer(200, `{"number":4,"body":null,"state":"open","assignees":[{"login":"kim"}]}`))
	s.on("GET", "/issues/5", answer(410, `{"message":"This issue was deleted"}`))
	s.on("GET", "/issues/4/comments", answer(200, `[{"id":1,"body":"/rekey help","author_association":"OWNER","user":{"login":"kim","type":"User"},`+
		`"created_at":"2026-03-01T12:00:00Z"},{"id":2,"user":null}]`))
	c := s.client(t)
	if i, err := c.Issue(t.Context(), 4); err != nil || i.State != "open" || len(i.Assignees) != 1 {
		t.Errorf("%+v, %v", i, err)
	}
	if _, err := c.Issue(t.Context(), 5); !errors.Is(err, github.ErrGone) {
		t.Errorf("%v", err)
	}
	got, err := c.Comments(t.Context(), 4, time.Time{})
	want := []github.IssueComment{
		{ID: 1, Body: "/rekey help", Author: "kim", AuthorType: "User", Association: "OWNER", CreatedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		{ID: 2},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	for _, body := range []string{"", strings.Repeat("é", 65537)} {
		if _, err := c.Comment(t.Context(), 4, body); err == nil {
			t.Errorf("a comment of %d bytes is sent", len(body))
		}
	}
}
