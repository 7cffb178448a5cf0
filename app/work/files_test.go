package work

import (
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

func TestLeakHeads(t *testing.T) {
	t.Parallel()
	seen := func(commit, ref string, authored time.Duration) ledger.Sighting {
		return ledger.Sighting{Commit: commit, Ref: ref, Authored: noon.Add(authored)}
	}
	const trunk, feature = "refs/heads/main", "refs/heads/feature/x"
	for name, c := range map[string]struct {
		sightings []ledger.Sighting
		tips      []ledger.Tip
		want      []headCommit
	}{
		"nothing known":                                    {nil, nil, nil},
		"no tip: the last commit":                          {[]ledger.Sighting{seen("a", trunk, 0), seen("c", "", 2), seen("b", trunk, 1)}, nil, []headCommit{{"c", ""}}},
		"a message has no commit":                          {[]ledger.Sighting{seen("", trunk, 3), seen("a", trunk, 0)}, nil, []headCommit{{"a", ""}}},
		"no times: the last listed":                        {[]ledger.Sighting{{Commit: "a"}, {Commit: "b"}}, nil, []headCommit{{"b", ""}}},
		"default branch":                                   {[]ledger.Sighting{seen("a", trunk, 0)}, []ledger.Tip{{Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}}},
		"default branch first":                             {[]ledger.Sighting{seen("a", feature, 0)}, []ledger.Tip{{Ref: feature, SHA: "other"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}, {"other", "feature/x"}}},
		"both the same":                                    {[]ledger.Sighting{seen("a", feature, 0)}, []ledger.Tip{{Ref: feature, SHA: "tip"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}}},
		"found in the history: the branch that ends there": {[]ledger.Sighting{seen("a", "", 0)}, []ledger.Tip{{Ref: trunk, SHA: "tip"}, {Ref: feature, SHA: "a"}}, []headCommit{{"tip", ""}, {"a", "feature/x"}}},
		"found in the history: what runs":                  {[]ledger.Sighting{seen("a", "", 0)}, []ledger.Tip{{Ref: feature, SHA: "b"}, {Ref: "refs/heads/production", SHA: "c"}, {Ref: trunk, SHA: "tip"}}, []headCommit{{"tip", ""}, {"c", "production"}}},
		"no more than a few": {[]ledger.Sighting{seen("a", "", 0)}, []ledger.Tip{
			{Ref: "refs/heads/prod", SHA: "1"}, {Ref: "refs/heads/live", SHA: "2"}, {Ref: "refs/heads/release", SHA: "3"}, {Ref: "refs/heads/staging", SHA: "4"}, {Ref: trunk, SHA: "tip"},
		}, []headCommit{{"tip", ""}, {"1", "prod"}, {"2", "live"}, {"3", "release"}}},
		"a tag": {[]ledger.Sighting{seen("a", "refs/tags/v1", 0)}, []ledger.Tip{{Ref: "refs/tags/v1", SHA: "b"}}, []headCommit{{"a", ""}}},
	} {
		f := issueFacts{IssueFacts: text.IssueFacts{Sightings: c.sightings}, tips: c.tips, source: ledger.Repository{DefaultBranch: "main"}}
		if got := leakHeads(f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestSuspects(t *testing.T) {
	t.Parallel()
	leaked := ledger.Sighting{Source: "blob", Path: "main.go", Blob: "b1", Line: 5}
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
		message := ledger.Sighting{Source: "message", Commit: "c", Line: 1}
		if got := s.suspects([]ledger.Sighting{leaked, message, leaked}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
