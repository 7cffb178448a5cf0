package backfill

import (
	"reflect"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
)

func TestOwnRefsAreAllButPullRequests(t *testing.T) {
	t.Parallel()
	prefixes := ownRefs()
	for ref, want := range map[string]bool{
		"refs/heads/main": true, "refs/tags/v1": true, "refs/notes/commits": true, "refs/stash": true, "refs/p/x": true,
		"refs/pulls/1": true, "refs/pull-requests/1": true, "refs/pull": false, "refs/pull/1/head": false, "refs/Changes/01": true,
	} {
		matches := 0
		for _, p := range prefixes {
			if strings.HasPrefix(ref, p) {
				matches++
			}
		}
		if want != (matches == 1) || matches > 1 {
			t.Errorf("%s fits %d prefixes", ref, matches)
		}
	}
}

// TestNotesAreReadWithoutACheck: nobody looks at check runs of what is neither a branch nor a tag.
func TestNotesAreReadWithoutACheck(t *testing.T) {
	t.Parallel()
	refs := []wire.Ref{{Name: "refs/heads/main", ID: "1"}, {Name: "refs/notes/commits", ID: "2"}, {Name: "refs/changes/1", ID: "3"}}
	moved, gone := compareRefs(refs, []respond.Tip{{Ref: "refs/heads/main", SHA: "1"}, {Ref: "refs/notes/commits", SHA: "0"}})
	want := []read.Task{
		{Trigger: "sweep", Ref: "refs/notes/commits", Want: "2", Base: "0"},
		{Trigger: "sweep", Ref: "refs/changes/1", Want: "3"},
	}
	if !reflect.DeepEqual(moved, want) || len(gone) != 0 {
		t.Errorf("moved %+v, gone %v", moved, gone)
	}
}
