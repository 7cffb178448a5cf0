package webhook_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

// TestFilesOfGitHubsExamples: what events announce and do not hold.
func TestFilesOfGitHubsExamples(t *testing.T) {
	t.Parallel()
	counts, completed := map[string]int{}, 0
	for _, example := range examples(t) {
		switch example.event {
		case "gollum", "workflow_run", "release":
		default:
			continue
		}
		var tree struct {
			Run struct {
				ID      int64  `json:"id"`
				URL     string `json:"html_url"`
				Actor   struct{ Login string }
				Updated string `json:"updated_at"`
			} `json:"workflow_run"`
			Release struct{ Assets []any }
		}
		if err := json.Unmarshal(example.body, &tree); err != nil {
			t.Fatal(err)
		}
		counts[example.event]++
		switch e := decoded(t, example.event, string(example.body)).(type) {
		case *webhook.WorkflowRun:
			if e.ID != tree.Run.ID || e.URL != tree.Run.URL || e.Actor.Login != tree.Run.Actor.Login || e.Updated.Format("2006-01-02T15:04:05Z") != tree.Run.Updated {
				t.Errorf("%+v", e)
			}
			if e.Action == "completed" {
				completed++
			}
		case *webhook.Release:
			if e.Assets != len(tree.Release.Assets) {
				t.Errorf("%d files, want %d", e.Assets, len(tree.Release.Assets))
			}
		case *webhook.Gollum:
			if e.Repository.ID == 0 {
				t.Errorf("%+v", e)
			}
		}
	}
	if counts["gollum"] == 0 || counts["workflow_run"] == 0 || counts["release"] == 0 || completed == 0 {
		t.Errorf("%v, %d completed", counts, completed)
	}
}

// TestFilesAreWhereGitHubDescribesThem looks up each field that is read.
func TestFilesAreWhereGitHubDescribesThem(t *testing.T) {
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
	for path, want := range map[string]string{
		"workflow-run-completed workflow_run.id": "integer", "workflow-run-completed workflow_run.html_url": "string",
		"workflow-run-completed workflow_run.actor.login": "string", "workflow-run-completed workflow_run.updated_at": "string",
		"release-published release.assets": "array", "release-edited release.assets": "array", "release-created release.assets": "array",
		"gollum repository.id": "integer",
	} {
		event, field, _ := strings.Cut(path, " ")
		types := github.typesAt(github.defs["webhook-"+event], strings.Split(field, ".")...)
		if slices.Sort(types); !slices.Equal(slices.Compact(types), []string{want}) {
			t.Errorf("%s is described as %v, want %s", path, types, want)
		}
	}
}
