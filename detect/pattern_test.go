package detect_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/detect/pattern"
)

// patternOf is which of GitHub's patterns is for what detect finds, "" for none: what is written plainly, of the kinds that a shape or
// a variable's name tells.
func patternOf(f detect.Finding) string {
	if f.Encoding != detect.Plain || f.Member != "" {
		return ""
	}
	assigned := slices.ContainsFunc(f.Reasons, func(r detect.Reason) bool {
		return r.Code == detect.AssignedTo && strings.Contains(strings.ToLower(r.Of), "clerk")
	})
	switch {
	case f.Kind == detect.SecretKey:
		return "Clerk secret key"
	case f.Kind == detect.WebhookSecret && assigned:
		return "Clerk webhook signing secret"
	case f.Kind == detect.MachineSecretKey && assigned:
		return "Clerk machine secret key"
	case f.Kind == detect.PlatformAPIKey && assigned:
		return "Clerk Platform API key"
	case f.Kind == detect.ClaimURL && f.Reasons[0].Code == detect.ClaimAddress:
		return "Clerk claim URL"
	}
	return ""
}

// TestGitHubsPatternsAgree holds the patterns for GitHub's secret scanning against the scanner on all test texts. Where they differ,
// testdata/github-pattern.txt says it: keys that a pattern misses, since an expression cannot read what is escaped or in pieces; and
// what a pattern takes that is no Clerk key.
func TestGitHubsPatternsAgree(t *testing.T) {
	t.Parallel()
	matchers := map[string]*detecttest.Matcher{}
	for _, p := range pattern.GitHub() {
		m, err := detecttest.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		matchers[p.Name] = m
	}
	var got strings.Builder
	s := detect.New(detect.Options{})
	agreed := map[string]int{}
	for _, folder := range []string{"found", "none"} {
		for _, name := range archives(t, folder) {
			a, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range a.Files {
				if f.Name == "want" {
					continue
				}
				text, _ := expand(t, string(f.Data))
				where := folder + "/" + filepath.Base(name) + " " + f.Name
				compare(&got, agreed, where, text, s.Scan(t.Context(), f.Name, []byte(text)), matchers)
			}
		}
	}
	for name := range matchers {
		if agreed[name] == 0 {
			t.Errorf("%s agrees nowhere", name)
		}
	}
	const golden = "testdata/github-pattern.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("where patterns and scanner differ (-want +got):\n%s", diff)
	}
}

// compare writes where patterns and findings differ in a text, and counts where they agree.
func compare(w *strings.Builder, agreed map[string]int, where, text string, found []detect.Finding, matchers map[string]*detecttest.Matcher) {
	place := func(at int) string {
		line := strings.Count(text[:at], "\n") + 1
		return fmt.Sprintf("%s:%d", where, line)
	}
	overlaps := func(m [2]int, f detect.Finding) bool {
		return int64(m[0]) < f.Place.End && f.Place.Offset < int64(m[1])
	}
	taken := map[string][][2]int{}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range matchers {
			if !yield(name) {
				return
			}
		}
	}) {
		taken[name] = matchers[name].Find(text)
		for _, m := range taken[name] {
			if !slices.ContainsFunc(found, func(f detect.Finding) bool { return overlaps(m, f) }) {
				fmt.Fprintf(w, "%s: %s takes what is none\n", place(m[0]), name)
			}
		}
	}
	for _, f := range found {
		name := patternOf(f)
		if name == "" {
			continue
		}
		if slices.ContainsFunc(taken[name], func(m [2]int) bool { return overlaps(m, f) }) {
			agreed[name]++
		} else {
			fmt.Fprintf(w, "%s: %s misses one\n", place(int(f.Place.Offset)), name)
		}
	}
}
