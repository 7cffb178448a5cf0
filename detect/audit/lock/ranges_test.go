package lock_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

func TestAffected(t *testing.T) {
	t.Parallel()
	nextjs := []lock.Range{{"6.0.0", "6.39.3"}, {"7.0.0", "7.2.4"}}
	for version, want := range map[string]string{
		"5.7.6": "false true", "6.0.0": "true true", "6.39.2": "true true", "6.39.3": "false true", "6.40.0": "false true",
		"7.0.0": "true true", "7.2.3": "true true", "7.2.4": "false true", "7.2.10": "false true", "7.10.0": "false true", "10.0.0": "false true",
		"7.2.1-snapshot.v20260401": "false false", "7.0.0-canary.1": "false false", "7.2.3+build": "true true", "7.2.3+a-b": "true true",
		"7.2": "false false", "7": "false false", "": "false false", "v7.2.3": "false false", "latest": "false false", "07.2.3": "false false",
	} {
		in, known := lock.Affected(version, nextjs...)
		if got := fmt.Sprint(in, known); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestAffectedIsAnInterval: a version is in a range exactly if its three numbers, compared one by one, are.
func TestAffectedIsAnInterval(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.Custom(func(t *rapid.T) [3]int {
			part := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(8, 12), rapid.IntRange(98, 101))
			return [3]int{part.Draw(t, "major"), part.Draw(t, "minor"), part.Draw(t, "patch")}
		})
		text := func(n [3]int) string { return fmt.Sprintf("%d.%d.%d", n[0], n[1], n[2]) }
		less := func(a, b [3]int) bool {
			for i := range a {
				if a[i] != b[i] {
					return a[i] < b[i]
				}
			}
			return false
		}
		v, from, below := numbers.Draw(t, "version"), numbers.Draw(t, "from"), numbers.Draw(t, "below")
		in, known := lock.Affected(text(v), lock.Range{From: text(from), Below: text(below)})
		if want := !less(v, from) && less(v, below); in != want || !known {
			t.Errorf("%v in [%v, %v): %t, known %t", v, from, below, in, known)
		}
		if in, known := lock.Affected(text(v)+"-canary.1", lock.Range{Below: text(below)}); in || known {
			t.Errorf("a prerelease of %v: %t, known %t", v, in, known)
		}
	})
}
