package policy_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/policy"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, file string
		want          bool
	}{
		{"fixtures/**", "fixtures/a.ts", true},
		{"fixtures/**", "fixtures/a/b.ts", true},
		{"fixtures/", "fixtures/a/b.ts", true},
		{"fixtures/**", "src/fixtures/a.ts", false},
		{"**/fixtures/**", "src/fixtures/a.ts", true},
		{"**/fixtures/**", "fixtures/a.ts", true},
		{"*.snap", "src/a.snap", true},
		{"*.snap", "a.snap", true},
		{"src/*.ts", "src/a/b.ts", false},
		{"src/*.ts", "src/a.ts", true},
		{"/src/*.ts", "src/a.ts", true},
		{"**", "anything/at/all", true},
		{"**/**/**/a", "x/y/z/b", false},
		{"a/**/b", "a/b", true},
		{"a/**/b", "a/x/y/b", true},
		{"a/**/b", "a/x/y/c", false},
		{".env", "apps/web/.env", true},
		{".env", "apps/web/.env.local", false},
		{"a**b", "ab", true},
		{"a**b", "axb", true},
		{"a**b", "a/b", false},
		{"fixtures/**", "fixtures", true},
		{"?.env", "\xff.env", true},
		{"ü", "ü", true},
		{strings.Repeat("a", 201), strings.Repeat("a", 201), false},
		{"", "a", false},
		{"**", "", false},
	} {
		if got := policy.Match(tt.pattern, tt.file); got != tt.want {
			t.Errorf("Match(%q, %q) = %t", tt.pattern, tt.file, got)
		}
	}
}
