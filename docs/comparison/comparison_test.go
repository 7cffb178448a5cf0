package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
)

func newCorpus(t *testing.T, seed int64) *Corpus {
	t.Helper()
	c, err := NewCorpus(seed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCorpusIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	a, b, other := newCorpus(t, 1), newCorpus(t, 1), newCorpus(t, 2)
	if diff := cmp.Diff(a.files, b.files); diff != "" {
		t.Error(diff)
	}
	if len(a.Plants) != 178 {
		t.Errorf("%d plants, docs/comparison.md says 178", len(a.Plants))
	}
	for i := range a.Plants {
		if a.Plants[i].value == other.Plants[i].value {
			t.Errorf("the plant in %s does not change with the seed", a.Plants[i].Path)
		}
	}
}

// TestPlacesOfPlants looks every plant that is neither encoded nor packed up at its line.
func TestPlacesOfPlants(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 1)
	plain := 0
	for _, p := range c.Plants {
		if p.Encoding != "" || strings.Contains(p.Path, "!") {
			continue
		}
		plain++
		lines := bytes.Split(c.files[p.Path], []byte("\n"))
		if p.Line > len(lines) || !bytes.Contains(lines[p.Line-1], []byte(p.value)) {
			t.Errorf("no key at %s:%d", p.Path, p.Line)
		}
	}
	if plain < 100 {
		t.Errorf("only %d plants stand in plain text", plain)
	}
}

func TestEncodersHideTheKey(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 1)
	used := map[string]bool{}
	for _, p := range c.Plants {
		used[p.Encoding] = true
		if p.Encoding == "" || strings.Contains(p.Path, "!") {
			continue
		}
		if bytes.Contains(c.files[p.Path], []byte(p.value)) {
			t.Errorf("%s holds the key in plain text", p.Path)
		}
	}
	for name := range encoders {
		if !used[name] {
			t.Errorf("nothing in the corpus uses %s", name)
		}
	}
}

func TestLookAlikesHoldNoPlant(t *testing.T) {
	t.Parallel()
	c := newCorpus(t, 1)
	for _, l := range c.LookAlikes {
		for _, p := range c.Plants {
			if p.Path == l.Path || bytes.Contains(c.files[l.Path], []byte(p.value)) {
				t.Fatalf("%s is both", l.Path)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("v", 10) + strings.Repeat("w", 24)
	c := &Corpus{
		Plants: []Plant{
			{Path: "a.env", Line: 3, EndLine: 3, Kind: detect.SecretKey, value: value},
			{Path: "b.zip!c.env", Line: 2, EndLine: 2, Kind: detect.SecretKey, value: value + "b", Fingerprint: "fb"},
			{Path: "d.env", Line: 1, EndLine: 1, Kind: detect.SecretKey, value: value + "d"},
			{Path: "e.env", Line: 1, EndLine: 1, Kind: detect.SecretKey, value: value + "1"},
			{Path: "e.env", Line: 1, EndLine: 1, Kind: detect.SecretKey, value: value + "2"},
		},
		LookAlikes: []LookAlike{{Path: "s.env", Line: 1, Vendor: "stripe"}, {Path: "s.env", Line: 2, Vendor: "knock"}, {Path: "n.txt", Line: 1}},
	}
	s := Scanner{Names: func(r Report, p Plant) bool { return r.Name == string(p.Kind) }}
	for name, c1 := range map[string]struct {
		reports                      []Report
		found, atLine, named, alarms int
	}{
		"nothing":                      {nil, 0, 0, 0, 0},
		"by line":                      {[]Report{{Path: "a.env", Line: 3, Name: "generic"}}, 1, 1, 0, 0},
		"by value":                     {[]Report{{Path: "a.env", Line: 9, Name: "secret_key", Value: "x" + value}}, 1, 0, 1, 0},
		"by value in an archive":       {[]Report{{Path: "b.zip", Value: value + "b"}}, 1, 0, 0, 0},
		"by fingerprint":               {[]Report{{Path: "b.zip!c.env", Line: 2, Name: "secret_key", Fingerprint: "fb"}}, 1, 1, 1, 0},
		"value in another file":        {[]Report{{Path: "x.env", Line: 3, Value: value}}, 0, 0, 0, 1},
		"one of two on a line":         {[]Report{{Path: "e.env", Line: 1, Name: "secret_key", Value: value + "2"}}, 1, 1, 1, 0},
		"twice at one place":           {[]Report{{Path: "a.env", Line: 3}, {Path: "a.env", Line: 3, Name: "secret_key"}}, 1, 1, 1, 0},
		"Stripe's, called Stripe's":    {[]Report{{Path: "s.env", Line: 1, Name: "stripe-token"}}, 0, 0, 0, 0},
		"Knock's, called Stripe's":     {[]Report{{Path: "s.env", Line: 2, Name: "stripe-token"}}, 0, 0, 0, 1},
		"Knock's, called generic":      {[]Report{{Path: "s.env", Line: 2, Name: "generic-api-key"}}, 0, 0, 0, 0},
		"no credential, two rules":     {[]Report{{Path: "n.txt", Line: 1, Name: "generic"}, {Path: "n.txt", Line: 1, Name: "other"}}, 0, 0, 0, 1},
		"elsewhere in a plant's file":  {[]Report{{Path: "a.env", Line: 1, Name: "generic"}}, 0, 0, 0, 1},
		"a range that holds the plant": {[]Report{{Path: "a.env", Line: 2, EndLine: 4}}, 1, 1, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := c.Judge(s, c1.reports)
			got := [4]int{v.Found, v.AtLine, v.Named, v.Alarms}
			if want := [4]int{c1.found, c1.atLine, c1.named, c1.alarms}; got != want {
				t.Errorf("found, at line, named, alarms: %v, want %v", got, want)
			}
			if v.Found+len(v.Missed) != len(c.Plants) {
				t.Error("found and missed are not all")
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		parse  func(string, []byte) ([]Report, error)
		output string
		want   []Report
	}{
		{
			"rekey", parseRekey,
			`{"kind":"secret_key","environment":"live","path":"a/b.env","line":2,"end_line":3,"fingerprint":"f"}` + "\n",
			[]Report{{Path: "a/b.env", Line: 2, EndLine: 3, Name: "secret_key", Environment: "live", Fingerprint: "f"}},
		},
		{
			"gitleaks", parseGitleaks,
			`[{"RuleID":"r","StartLine":4,"EndLine":4,"Secret":"s","File":"/root/a.zip!b.env"}]`,
			[]Report{{Path: "a.zip!b.env", Line: 4, EndLine: 4, Name: "r", Value: "s"}},
		},
		{
			"trufflehog", parseTrufflehog,
			`{"level":"info"}` + "\n" + `{"SourceMetadata":{"Data":{"Filesystem":{"file":"/root/c.env","line":5}}},"DetectorName":"Stripe","Raw":"s"}`,
			[]Report{{Path: "c.env", Line: 5, EndLine: 5, Name: "Stripe", Value: "s"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := c.parse("/root", []byte(c.output))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if _, err := c.parse("/root", []byte("<html>")); err == nil {
				t.Error("took HTML for a report")
			}
		})
	}
}
