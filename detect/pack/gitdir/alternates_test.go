package gitdir_test

import (
	"os"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

func TestSplitAlternates(t *testing.T) {
	t.Parallel()
	sep := string(os.PathListSeparator)
	for list, want := range map[string][]string{
		"":                              nil,
		"a":                             {"a"},
		"a" + sep + sep + "b":           {"a", "b"},
		`"a` + sep + `\"b"` + sep + "c": {"a" + sep + `"b`, "c"},
		`"\303\244"`:                    {"ä"},
		`"open` + sep + "c":             {`"open`, "c"},
		`a"b`:                           {`a"b`},
	} {
		if got := gitdir.SplitAlternates(list); !slices.Equal(got, want) {
			t.Errorf("%s: %q", list, got)
		}
	}
}
