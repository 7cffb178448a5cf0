package work

import (
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/text"
)

func TestLeakHeads(t *testing.T) {
	t.Parallel()
	seen := func(commit, ref string, authored time.Duration) respond.Sighting {
		return respond.Sighting{Commit: commit, Ref: ref, Authored: noon.Add(authored)}
	}
	const trunk, feature = "refs/heads/main", "refs/heads/feature/x"
	for name, c := range map[string]struct {
		sightings []respond.Sighting
		tips      []respond.Tip
		want      []headCommit
	}{
		"nothing known":                                    {nil, nil, nil},
		"no tip: the last commit":                          {[]respond.Sighting{seen("a", trunk, 0), seen("c", "", 2), seen("b", trunk, 1)}, nil, []headCommit{{"c", ""}}},
		"a message has no commit":                          {[]respond.Sighting{seen("", trunk, 3), seen("a", trunk, 0)}, nil, []headCommit{{"a", ""}}},
		"no times: the last listed":                        {[]respond.Sighting{{Commit: "a"}, {Commit: "b"}}, nil, []headCommit{{"b", ""}}},
		"default branch":                                   {[]respond.Sighting{seen("a", trunk, 0)}, []respond.Tip{{Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}}},
		"default branch first":                             {[]respond.Sighting{seen("a", feature, 0)}, []respond.Tip{{Ref: feature, SHA: "other"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}, {"other", "feature/x"}}},
		"both the same":                                    {[]respond.Sighting{seen("a", feature, 0)}, []respond.Tip{{Ref: feature, SHA: "tip"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}}},
		"found in the history: the branch that ends there": {[]respond.Sighting{seen("a", "", 0)}, []respond.Tip{{Ref: trunk, SHA: "tip"}, {Ref: feature, SHA: "a"}}, []headCommit{{"tip", ""}, {"a", "feature/x"}}},
		"found in the history: what runs":                  {[]respond.Sighting{seen("a", "", 0)}, []respond.Tip{{Ref: feature, SHA: "b"}, {Ref: "refs/heads/production", SHA: "c"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}, {"c", "production"}}},
		"no more than a few": {[]respond.Sighting{seen("a", "", 0)}, []respond.Tip{
			{Ref: "refs/heads/prod", SHA: "1"}, {Ref: "refs/heads/live", SHA: "2"}, {Ref: "refs/heads/release", SHA: "3"}, {Ref: "refs/heads/staging", SHA: "4"}, {Ref: trunk, SHA: "tip"},
		}, []headCommit{{"tip", ""}, {"1", "prod"}, {"2", "live"}, {"3", "release"}}},
		"a tag": {[]respond.Sighting{seen("a", "refs/tags/v1", 0)}, []respond.Tip{{Ref: "refs/tags/v1", SHA: "b"}}, []headCommit{{"a", ""}}},
	} {
		f := issueFacts{IssueFacts: text.IssueFacts{Sightings: c.sightings}, tips: c.tips, source: respond.Repository{DefaultBranch: "main"}}
		if got := leakHeads(f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSuspects(t *testing.T) {
	t.Parallel()
	leaked := respond.Sighting{Source: "blob", Path: "main.go", Blob: "b1", Line: 5}
	for name, c := range map[string]struct {
		files map[string]string
		cut   bool
		want  []guide.Location
	}{
		"as it was":      {map[string]string{"main.go": "b1"}, false, []guide.Location{{Path: "main.go", Line: 5}}},
		"renamed":        {map[string]string{"cmd/main.go": "b1"}, false, []guide.Location{{Path: "cmd/main.go", Line: 5}}},
		"changed":        {map[string]string{"main.go": "b2"}, false, []guide.Location{{Path: "main.go"}}},
		"copied":         {map[string]string{"a.go": "b1", "main.go": "b1"}, false, []guide.Location{{Path: "main.go", Line: 5}, {Path: "a.go", Line: 5}}},
		"gone":           {map[string]string{"go.mod": "b3"}, false, nil},
		"list cut short": {map[string]string{"go.mod": "b3"}, true, []guide.Location{{Path: "main.go", Line: 5}}},
	} {
		s := &snapshot{blobs: c.files}
		for p := range c.files {
			s.paths = append(s.paths, p)
		}
		slices.Sort(s.paths)
		if c.cut {
			s.paths = append(s.paths, make([]string, maxListed-len(s.paths))...)
		}
		message := respond.Sighting{Source: "message", Commit: "c", Line: 1}
		if got := s.suspects([]respond.Sighting{leaked, message, leaked}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
