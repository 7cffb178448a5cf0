package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/respond/ledger"
)

func description(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// paths are addresses that answer, by their documented path.
func (w *world) paths() map[string][]string {
	return map[string][]string{
		"/api/v1/openapi.json": {"/api/v1/openapi.json"},
		"/api/v1/overview":     {"/api/v1/overview"},
		"/api/v1/leaks": {
			"/api/v1/leaks", "/api/v1/leaks?limit=1&sort=severity&reverse=true&state=open,revoked&environment=live,test&severity=critical,high,medium,low&kind=secret_key",
			"/api/v1/leaks?search=none", "/api/v1/leaks?repository=9&owner=acme&pusher=mona&opened_after=2020-01-01T00:00:00Z&opened_before=2040-01-01T00:00:00Z&in_default_branch=true&outside=false",
		},
		"/api/v1/leaks.csv":                   {"/api/v1/leaks.csv", "/api/v1/leaks.csv?search=none"},
		"/api/v1/leaks.json":                  {"/api/v1/leaks.json", "/api/v1/leaks.json?sort=repository", "/api/v1/leaks.json?search=none"},
		"/api/v1/leaks/{id}":                  {fmt.Sprintf("/api/v1/leaks/%d", w.leak), fmt.Sprintf("/api/v1/leaks/%d", w.leak+1)},
		"/api/v1/repositories":                {"/api/v1/repositories", "/api/v1/repositories?limit=1&sort=read&private=true&archived=false&history=waiting,done&with_gaps=false&read_before=2040-01-01T00:00:00Z", "/api/v1/repositories?id=9&installation=7&owner=acme&search=shop&with_leaks=true&reverse=true"},
		"/api/v1/audits":                      {"/api/v1/audits", "/api/v1/audits?limit=1&sort=name&reverse=true&with_findings=true&with_gaps=false&development_in_production=false", "/api/v1/audits?search=shop&repository=9&package=@clerk/nextjs&version=6.39.1"},
		"/api/v1/audits/packages":             {"/api/v1/audits/packages"},
		"/api/v1/activity":                    {"/api/v1/activity", "/api/v1/activity?limit=1", "/api/v1/activity?by=mona&people=true&kind=command,state&repository=9", fmt.Sprintf("/api/v1/activity?leak=%d", w.leak)},
		"/api/v1/health":                      {"/api/v1/health"},
		"/api/v1/installations/{id}/progress": {"/api/v1/installations/7/progress", "/api/v1/installations/8/progress"},
	}
}

// TestTheDescriptionIsTrue: each documented path is there, and no other; each answer has the fields that are documented and no others, and
// each documented field is in an answer; each parameter is documented that is taken.
func TestTheDescriptionIsTrue(t *testing.T) {
	t.Parallel()
	doc, w := description(t), newWorld(t)
	var routed []string
	router, _ := w.api.(*mux.Router)
	err := router.Walk(func(r *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := r.GetPathTemplate()
		routed = append(routed, regexp.MustCompile(`\{(\w+):[^/]*\}`).ReplaceAllString(path, "{$1}"))
		return err
	})
	slices.Sort(routed)
	if documented := slices.Sorted(maps.Keys(doc.Paths.Map())); err != nil || !slices.Equal(routed, documented) {
		t.Errorf("answered: %v, documented: %v (%v)", routed, documented, err)
	}
	seen := map[string]bool{}
	for _, path := range routed {
		operation := doc.Paths.Value(path).Get
		used := map[string]bool{}
		for _, address := range w.paths()[path] {
			answer := w.get(address)
			if answer.Code != http.StatusOK {
				t.Errorf("%s: %d %s", address, answer.Code, answer.Body)
				continue
			}
			for name := range parametersOf(t, address) {
				used[name] = true
			}
			kind, _, _ := strings.Cut(answer.Header().Get("Content-Type"), ";")
			media := operation.Responses.Value("200").Value.Content[kind]
			if media == nil {
				t.Errorf("%s answers with %s, which is not documented", address, kind)
			} else if kind == "application/json" {
				holds(t, address, media.Schema, answer.Body.Bytes(), seen)
			}
		}
		if len(w.paths()[path]) == 0 {
			t.Errorf("the test does not ask %s", path)
		}
		for _, p := range operation.Parameters {
			if p.Value.In == "query" && !used[p.Value.Name] && p.Value.Name != "after" && !strings.HasPrefix(path, "/api/v1/leaks.") {
				t.Errorf("%s: no request has the documented parameter %s", path, p.Value.Name)
			}
			delete(used, p.Value.Name)
		}
		for name := range used {
			t.Errorf("%s takes %s, which is not documented", path, name)
		}
	}
	problem := &openapi3.SchemaRef{Ref: "#/components/schemas/Problem", Value: doc.Components.Schemas["Problem"].Value}
	holds(t, "a problem", problem, w.get("/api/v1/none").Body.Bytes(), seen)
	for name, schema := range doc.Components.Schemas {
		for property := range schema.Value.Properties {
			if !seen["#/components/schemas/"+name+"."+property] {
				t.Errorf("no answer has the documented field %s of %s", property, name)
			}
		}
	}
}

func parametersOf(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

// holds holds an answer against its schema, and notes the fields that it has.
func holds(t *testing.T, what string, schema *openapi3.SchemaRef, body []byte, seen map[string]bool) {
	t.Helper()
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if err := schema.Value.VisitJSON(value, openapi3.EnableFormatValidation()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	note(schema, value, seen)
}

func note(schema *openapi3.SchemaRef, value any, seen map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, field := range value {
			if property := schema.Value.Properties[name]; property != nil {
				seen[schema.Ref+"."+name] = true
				note(property, field, seen)
			}
		}
	case []any:
		for _, item := range value {
			note(schema.Value.Items, item, seen)
		}
	}
}

// TestViewersGetTheirOwn: by no address does somebody learn of another organisation, in bodies or in headers.
func TestViewersGetTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs := ledger.VisibleOnly(acme, 100, 101, 102, 103, 104, 105)
	w.sees = &theirs
	foreign := []string{fmt.Sprintf("/api/v1/leaks/%d", w.other), "/api/v1/installations/8/progress"}
	for path, addresses := range w.paths() {
		for _, address := range append(addresses, foreign...) {
			answer := w.get(address)
			if wanted := http.StatusOK; !slices.Contains(foreign, address) && path != "/api/v1/installations/{id}/progress" && answer.Code != wanted {
				t.Errorf("%s: %d", address, answer.Code)
			}
			if slices.Contains(foreign, address) && answer.Code != http.StatusNotFound {
				t.Errorf("%s: %d", address, answer.Code)
			}
			if path == "/api/v1/openapi.json" && answer.Code == http.StatusOK {
				continue
			}
			if text := answer.Body.String() + fmt.Sprint(answer.Header()); strings.Contains(text, "other/") || strings.Contains(text, "of other") || strings.Contains(text, "internal") {
				t.Errorf("%s tells of another organisation: %s", address, text)
			}
		}
	}
	var health api.Health
	if err := json.Unmarshal(w.get("/api/v1/health").Body.Bytes(), &health); err != nil {
		t.Fatal(err)
	}
	if len(health.Quotas) != 1 || health.Quotas[0].Account != "acme" || health.Deliveries.Waiting.Day != 1 || health.Lag != nil {
		t.Errorf("health: %+v", health)
	}
	for _, q := range health.Queue {
		if q.Waiting+q.Running != 1 {
			t.Errorf("%d jobs of kind %s, want acme's one", q.Waiting+q.Running, q.Kind)
		}
	}
}

// TestErrors: whatever is wrong is said as a problem.
func TestErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for address, want := range map[string]int{
		"/api/v1/nothing": 404, "/api/v2/leaks": 404, "/api/v1/leaks/4711": 404, "/api/v1/leaks/0": 404, "/api/v1/installations/4711/progress": 404,
		"/api/v1/leaks?state=gone": 400, "/api/v1/leaks?limit=0": 400, "/api/v1/leaks?limit=251": 400, "/api/v1/leaks?limit=x": 400, "/api/v1/leaks?after=x": 400,
		"/api/v1/leaks?sate=open": 400, "/api/v1/leaks?opened_after=yesterday": 400, "/api/v1/leaks?in_default_branch=maybe": 400, "/api/v1/leaks.csv?state=x": 400,
		"/api/v1/leaks.csv?limit=5": 400, "/api/v1/leaks?state=open&state=revoked": 400, "/api/v1/leaks?search=" + strings.Repeat("x", 600): 400,
		"/api/v1/repositories?sort=size": 400, "/api/v1/activity?kind=none": 400, "/api/v1/overview?days=3": 400, "/api/v1/health?x=1": 400,
	} {
		answer := w.get(address)
		var p api.Problem
		err := json.Unmarshal(answer.Body.Bytes(), &p)
		if answer.Code != want || err != nil || p.Status != want || p.Detail == "" || answer.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%.80s: %d %s (%v)", address, answer.Code, answer.Body, err)
		}
	}
	post := httptest.NewRecorder()
	w.api.ServeHTTP(post, httptest.NewRequest(http.MethodPost, "/api/v1/leaks", nil))
	if post.Code != http.StatusMethodNotAllowed || post.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", post.Code, post.Header())
	}
	w.sees = nil
	for path, addresses := range w.paths() {
		if answer := w.get(addresses[0]); (answer.Code == http.StatusUnauthorized) == (path == "/api/v1/openapi.json") {
			t.Errorf("%s without anybody signed in: %d", path, answer.Code)
		}
	}
}

// TestCaching: an answer that the client has is not sent again, and nobody between keeps it.
func TestCaching(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.get("/api/v1/leaks")
	tag := first.Header().Get("ETag")
	if tag == "" || first.Header().Get("Cache-Control") != "private, no-cache" || first.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", first.Header())
	}
	if again := w.get("/api/v1/leaks", "If-None-Match", `"x", W/`+tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("again: %d, %d bytes", again.Code, again.Body.Len())
	}
	if fewer := w.get("/api/v1/leaks?state=open", "If-None-Match", tag); fewer.Code != http.StatusOK {
		t.Errorf("another answer: %d", fewer.Code)
	}
	head := httptest.NewRecorder()
	w.api.ServeHTTP(head, httptest.NewRequest(http.MethodHead, "/api/v1/leaks", nil))
	if head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("ETag") != tag {
		t.Errorf("HEAD: %d, %d bytes", head.Code, head.Body.Len())
	}
}

// TestPages: page after page, all leaks come, each once; the exports have the same.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []int64
	for after := ""; ; {
		var page api.Leaks
		if err := json.Unmarshal(w.get("/api/v1/leaks?limit=1&after="+after).Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		for _, l := range page.Leaks {
			ids = append(ids, l.ID)
		}
		if page.Total != 4 || len(ids) > 4 {
			t.Fatalf("%d of %d leaks", len(ids), page.Total)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	var exported []api.Leak
	if err := json.Unmarshal(w.get("/api/v1/leaks.json").Body.Bytes(), &exported); err != nil {
		t.Fatal(err)
	}
	var same []int64
	for _, l := range exported {
		same = append(same, l.ID)
	}
	if len(ids) != 4 || !slices.Equal(ids, same) {
		t.Errorf("pages have %v, the export %v", ids, same)
	}
}

// TestCSVIsHarmless: no cell begins as a formula does, whoever chose its text; nor is anything lost.
func TestCSVIsHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.get("/api/v1/leaks.csv")
	rows, err := csv.NewReader(answer.Body).ReadAll()
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows (%v)", len(rows), err)
	}
	quoted := 0
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("a cell is %q", cell)
			}
			if strings.HasPrefix(cell, "'=CLERK") || strings.HasPrefix(cell, "'@config") || strings.HasPrefix(cell, "'-Clerk") {
				quoted++
			}
		}
	}
	if quoted < 6 || !strings.Contains(answer.Header().Get("Content-Disposition"), "leaks.csv") {
		t.Errorf("%d cells are quoted; %v", quoted, answer.Header())
	}
}
