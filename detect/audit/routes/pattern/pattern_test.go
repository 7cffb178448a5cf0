package pattern_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/audit/routes/pattern"
)

// vectors are what path-to-regexp 6.3.0 and the regular expressions of Node.js 20 say.
type vectors struct {
	Paths []struct {
		Pattern, Source string
		Error           bool
		Matches         []string
	}
	Regexps []struct {
		Source, Flags string
		Matches       []string
	}
	AllPaths, AllTexts []string
}

func read(t *testing.T) (v vectors) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func matching(t *testing.T, r *pattern.Regexp, texts []string) (all []string) {
	t.Helper()
	for _, text := range texts {
		matched, sure := r.Match(text)
		if !sure {
			t.Errorf("%q takes too many steps", text)
		}
		if matched {
			all = append(all, text)
		}
	}
	return all
}

func TestPathsAreMatchedAsByPathToRegexp(t *testing.T) {
	t.Parallel()
	v := read(t)
	for _, p := range v.Paths {
		source, err := pattern.Source(p.Pattern)
		if p.Error {
			if err == nil {
				t.Errorf("%s is taken, as %s", p.Pattern, source)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", p.Pattern, err)
			continue
		}
		if source != p.Source {
			t.Errorf("%s is %s, not %s", p.Pattern, source, p.Source)
		}
		r, err := pattern.Path(p.Pattern, false)
		if err != nil {
			t.Errorf("%s: %v", p.Pattern, err)
			continue
		}
		if got := matching(t, r, v.AllPaths); !slices.Equal(got, p.Matches) {
			t.Errorf("%s matches %q, not %q", p.Pattern, got, p.Matches)
		}
	}
	if len(v.Paths) < 40 || len(v.AllPaths) < 50 {
		t.Error("there are few cases")
	}
}

func TestCaseMattersToMatchersOfNext(t *testing.T) {
	t.Parallel()
	r, err := pattern.Path("/dashboard", true)
	if err != nil {
		t.Fatal(err)
	}
	if got := matching(t, r, []string{"/dashboard", "/Dashboard", "/dashboard/"}); !slices.Equal(got, []string{"/dashboard", "/dashboard/"}) {
		t.Errorf("matches %q", got)
	}
}

func TestExpressionsMatchAsInJavaScript(t *testing.T) {
	t.Parallel()
	v := read(t)
	for _, e := range v.Regexps {
		r, err := pattern.Compile(e.Source, e.Flags)
		if err != nil {
			t.Errorf("%s: %v", e.Source, err)
			continue
		}
		if got := matching(t, r, v.AllTexts); !slices.Equal(got, e.Matches) {
			t.Errorf("/%s/%s matches %q, not %q", e.Source, e.Flags, got, e.Matches)
		}
	}
}

func TestWhatIsNotUnderstoodIsSaid(t *testing.T) {
	t.Parallel()
	for _, source := range []string{`(a)\1`, `(?<=a)b`, `\p{L}`, strings.Repeat("(", 100) + strings.Repeat(")", 100), strings.Repeat("a", 10_000), `a{1000000}`, `(?i:a)`, `\k<a>`} {
		if _, err := pattern.Compile(source, ""); !errors.Is(err, pattern.ErrUnsupported) {
			t.Errorf("%.30s: %v", source, err)
		}
	}
	for _, source := range []string{"(", ")", "[", "*", `a\`, "[b-a]", "a{2,1}"} {
		if _, err := pattern.Compile(source, ""); err == nil || errors.Is(err, pattern.ErrUnsupported) {
			t.Errorf("%s: %v", source, err)
		}
	}
}

// TestNoPatternTakesLong: the steps are counted, and what isn't decided by then is not said.
func TestNoPatternTakesLong(t *testing.T) {
	t.Parallel()
	r, err := pattern.Compile(`^(a+)+$`, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, sure := r.Match(strings.Repeat("a", 60) + "b"); sure {
		t.Error("it was decided in time")
	}
}

// TestMatchesAsGo: what both understand, both match alike.
func TestMatchesAsGo(t *testing.T) {
	t.Parallel()
	var expression func(depth int) *rapid.Generator[string]
	expression = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			kinds := []string{"a", "b", ".", "[ab]", "[^a]", `\d`, `\w`, "^", "$", `\b`}
			if depth > 0 {
				kinds = append(kinds, "sequence", "alternative", "star", "plus", "optional", "count", "lazy")
			}
			inner := func() string { return "(?:" + expression(depth-1).Draw(t, "inner") + ")" }
			switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
			case "sequence":
				return inner() + inner()
			case "alternative":
				return inner() + "|" + inner()
			case "star":
				return inner() + "*"
			case "plus":
				return inner() + "+"
			case "optional":
				return inner() + "?"
			case "count":
				return inner() + "{1,2}"
			case "lazy":
				return inner() + "*?"
			default:
				return kind
			}
		})
	}
	rapid.Check(t, func(t *rapid.T) {
		source := expression(3).Draw(t, "source")
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab1 ")), 0, 8, -1).Draw(t, "text")
		ours, err := pattern.Compile(source, "")
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		got, sure := ours.Match(text)
		if want := regexp.MustCompile(source).MatchString(text); sure && got != want {
			t.Fatalf("/%s/ matches %q: %v, not %v", source, text, got, want)
		}
	})
}
