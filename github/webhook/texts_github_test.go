package webhook_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

// textEvent is where an event's payload holds what it is about.
type textEvent struct {
	object, title, writer string
	action                string   // of the schema that is kept
	extra                 []string // paths that no other event has; what ends with a slash is a number
}

func textEvents() map[string]textEvent {
	return map[string]textEvent{
		"issues":                      {"issue", "title", "user", "edited", nil},
		"issue_comment":               {"comment", "", "user", "edited", nil},
		"pull_request":                {"pull_request", "title", "user", "edited", nil},
		"pull_request_review":         {"review", "", "user", "edited", []string{"review.submitted_at", "pull_request.number/", "pull_request.head.sha"}},
		"pull_request_review_comment": {"comment", "", "user", "edited", []string{"comment.diff_hunk", "pull_request.number/", "pull_request.head.sha"}},
		"commit_comment":              {"comment", "", "user", "created", nil},
		"discussion":                  {"discussion", "title", "user", "edited", []string{"discussion.number/"}},
		"discussion_comment":          {"comment", "", "user", "edited", []string{"discussion.number/"}},
		"release":                     {"release", "name", "author", "edited", []string{"release.published_at", "release.created_at"}},
	}
}

// facts are what a test compares of a text.
type facts struct {
	Field, Content, NodeID, URL, Login string
	Former, Deleted                    bool
}

// factsOf reads an example as a tree without types.
func factsOf(t *testing.T, event textEvent, body []byte) (action string, want []facts) {
	t.Helper()
	var tree map[string]any
	if err := json.Unmarshal(body, &tree); err != nil {
		t.Fatal(err)
	}
	text := func(path ...string) string {
		var at any = tree
		for _, key := range path {
			node, _ := at.(map[string]any)
			at = node[key]
		}
		s, _ := at.(string)
		return s
	}
	action = text("action")
	if issue, _ := tree["issue"].(map[string]any); event.object == "issue" && issue["pull_request"] != nil {
		return action, nil
	}
	for field, key := range map[string]string{"title": event.title, "body": "body", "diff_hunk": "diff_hunk"} {
		is := facts{
			Field: field, Content: text(event.object, key), NodeID: text(event.object, "node_id"), URL: text(event.object, "html_url"),
			Login: text(event.object, event.writer, "login"), Deleted: action == "deleted",
		}
		if is.Content != "" {
			want = append(want, is)
		}
		is.Content, is.Former = text("changes", key, "from"), true
		if is.Content != "" && action == "edited" {
			want = append(want, is)
		}
	}
	return action, want
}

func TestTextsOfGitHubsExamples(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for _, example := range examples(t) {
		event, has := textEvents()[example.event]
		if !has {
			continue
		}
		action, want := factsOf(t, event, example.body)
		var got []facts
		for _, is := range webhook.Texts(decoded(t, example.event, string(example.body))) {
			got = append(got, facts{is.Field, is.Content, is.NodeID, is.URL, is.Author.Login, is.Former, is.Deleted})
			if is.Updated.IsZero() {
				t.Errorf("%s %s: %s was written %s", example.event, action, is.Field, is.Updated)
			}
		}
		order := func(a, b facts) int { return strings.Compare(a.Field, b.Field) }
		slices.SortStableFunc(want, order)
		slices.SortStableFunc(got, order)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", example.event, action, diff)
		}
		counts[example.event] += len(got)
	}
	want := map[string]int{
		"issues": 46, "issue_comment": 11, "pull_request": 57, "pull_request_review": 0, "pull_request_review_comment": 10,
		"commit_comment": 5, "discussion": 32, "discussion_comment": 5, "release": 2,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("texts of the examples: -want +got\n%s", diff)
	}
}

// description is GitHub's description of payloads, a JSON Schema.
type description struct{ defs map[string]any }

// typesAt returns the types, beside null, that values may have there.
func (d description) typesAt(schema any, path ...string) []string {
	node, _ := schema.(map[string]any)
	if ref, is := node["$ref"].(string); is {
		return d.typesAt(d.defs[strings.TrimPrefix(ref, "#/$defs/")], path...)
	}
	var types []string
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		parts, _ := node[keyword].([]any)
		for _, part := range parts {
			types = append(types, d.typesAt(part, path...)...)
		}
	}
	if len(path) > 0 {
		properties, _ := node["properties"].(map[string]any)
		return append(types, d.typesAt(properties[path[0]], path[1:]...)...)
	}
	switch named := node["type"].(type) {
	case string:
		types = append(types, named)
	case []any:
		for _, name := range named {
			types = append(types, name.(string))
		}
	}
	return slices.DeleteFunc(types, func(name string) bool { return name == "null" })
}

// TestTextsAreWhereGitHubDescribesThem looks up each field that is read: the examples hold few edits.
func TestTextsAreWhereGitHubDescribesThem(t *testing.T) {
	t.Parallel()
	schemas, err := webhooktest.Schemas()
	if err != nil {
		t.Fatal(err)
	}
	var kept struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(schemas, &kept); err != nil {
		t.Fatal(err)
	}
	github := description{kept.Defs}
	for name, event := range textEvents() {
		paths := []string{event.writer + ".login", "id/", "node_id", "html_url", "body", "updated_at"}
		for i, path := range paths {
			paths[i] = event.object + "." + path
		}
		paths = append(paths, event.extra...)
		if event.action == "edited" {
			paths = append(paths, "changes.body.from")
		}
		if event.title != "" {
			paths = append(paths, event.object+"."+event.title, "changes."+event.title+".from")
		}
		schema := github.defs["webhook-"+strings.ReplaceAll(name, "_", "-")+"-"+event.action]
		for _, path := range paths {
			path, number := strings.CutSuffix(path, "/")
			want := "string"
			if number {
				want = "integer"
			}
			types := github.typesAt(schema, strings.Split(path, ".")...)
			if slices.Sort(types); !slices.Equal(slices.Compact(types), []string{want}) {
				t.Errorf("%s: %s is described as %v, want %s", name, path, types, want)
			}
		}
	}
}
