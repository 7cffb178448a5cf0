package text

import (
	"testing"

	"github.com/rekey-app/rekey/respond"
)

func TestNearestCommand(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]respond.CommandKind{
		"rotate": respond.CommandRotated, "rotated": respond.CommandRotated, "rotatd": respond.CommandRotated, "ignored": respond.CommandIgnore, "re-open": respond.CommandReopen,
		"reopened": respond.CommandReopen, "stat": respond.CommandStatus, "traige": respond.CommandTriage, "hlep": respond.CommandHelp, "make": "", "frobnicate": "", "": "",
	} {
		if got, ok := nearest(word); got != want || ok != (want != "") {
			t.Errorf("nearest(%q) = %q, %t", word, got, ok)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"rotate", "rotated", 1}, {"ab", "ba", 2}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
