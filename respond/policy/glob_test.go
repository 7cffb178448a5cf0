package policy

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// simpleMatch says what a pattern means, by trying everything.
func simpleMatch(pattern, file string) bool {
	if pattern == "" || file == "" || utf8.RuneCountInString(pattern) > maxPattern {
		return false
	}
	pattern = strings.TrimPrefix(pattern, "/")
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	return simpleElements(strings.Split(pattern, "/"), strings.Split(file, "/"))
}

func simpleElements(pattern, file []string) bool {
	switch {
	case len(pattern) == 0:
		return len(file) == 0
	case pattern[0] == "**":
		return simpleElements(pattern[1:], file) || len(file) > 0 && simpleElements(pattern, file[1:])
	case len(file) == 0:
		return false
	}
	return simpleElement([]rune(pattern[0]), []rune(file[0])) && simpleElements(pattern[1:], file[1:])
}

func simpleElement(pattern, file []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(file) == 0
	case pattern[0] == '*':
		return simpleElement(pattern[1:], file) || len(file) > 0 && simpleElement(pattern, file[1:])
	case len(file) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == file[0]) && simpleElement(pattern[1:], file[1:])
}

func TestGlobMeansWhatTheSimpleMatcherMeans(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		drawn := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ü", "*", "?", "/", "/", "**", "**/", "/**", "*a*"}), 1, 9).Draw(t, "pattern"), "")
		file := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ü", "/", "/", "ab", "*"}), 0, 9).Draw(t, "file"), "")
		for _, pattern := range []string{drawn, "**/" + file, strings.ReplaceAll(file, "a", "?")} { // the last ones match
			want := simpleMatch(pattern, file)
			if Match(pattern, file) != want {
				t.Fatalf("Match(%q, %q) = %t, want %t", pattern, file, !want, want)
			}
		}
	})
}

// TestGlobCrossesWords: patterns of more than 64 states.
func TestGlobCrossesWords(t *testing.T) {
	t.Parallel()
	for n := 1; n < maxPattern-8; n++ {
		long := strings.Repeat("a", n)
		for pattern, files := range map[string]map[string]bool{
			long:               {long: true, long + "a": false, "x/" + long: true},
			long + "/":         {long + "/x/y": true, long: true, "x/" + long + "/y": false},
			long + "*b":        {long + "b": true, long + "xbb": true, long + "x/b": false},
			"**/" + long + "?": {"x/y/" + long + "z": true, long + "z": true, long: false},
			long + "/**/b":     {long + "/b": true, long + "/x/y/b": true, long + "/x/yb": false},
		} {
			for file, want := range files {
				if Match(pattern, file) != want {
					t.Fatalf("Match(%q, %q) = %t", pattern, file, !want)
				}
			}
		}
	}
}

// TestGlobIsLinear counts steps on paths made to make other matchers go back.
func TestGlobIsLinear(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{
		"**/" + strings.Repeat("a*", 98) + "b", strings.Repeat("**/a/", 39) + "b", strings.Repeat("*", maxPattern), strings.Repeat("?*", 99) + "b",
	} {
		g, ok := compileGlob(pattern)
		if !ok {
			t.Fatalf("%q is no pattern", pattern)
		}
		for _, unit := range []string{"a", "a/", "aa/ab/"} {
			_, once := g.match(strings.Repeat(unit, 1000))
			_, twice := g.match(strings.Repeat(unit, 2000))
			if twice > 2*once || once > 1000*len(unit)*len(stateSet{}) {
				t.Errorf("%q on %q: %d steps, twice as long %d", pattern, unit, once, twice)
			}
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("**/a*a*b", "x/aXab")
	f.Add("a/**/b/", "a/b/c")
	f.Add("?", "\xff")
	f.Fuzz(func(t *testing.T, pattern, file string) {
		if len(pattern) > 24 || len(file) > 24 || !utf8.ValidString(pattern) || strings.Contains(pattern, "\uFFFD") {
			return
		}
		if got, want := Match(pattern, file), simpleMatch(pattern, file); got != want {
			t.Fatalf("Match(%q, %q) = %t, want %t", pattern, file, got, want)
		}
	})
}
