package backfill

import (
	"slices"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github/wire"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWantsOf(t *testing.T) {
	t.Parallel()
	ref := func(name, id string) wire.Ref { return wire.Ref{Name: name, ID: id} }
	for name, c := range map[string]struct {
		refs  []wire.Ref
		wants []string
		head  string
	}{
		"nothing":           {nil, nil, ""},
		"HEAD and its ref":  {[]wire.Ref{ref("HEAD", "a"), ref("refs/heads/main", "a"), ref("refs/tags/v1", "t")}, []string{"a", "t"}, "a"},
		"HEAD comes late":   {[]wire.Ref{ref("refs/heads/a", "a"), ref("HEAD", "b")}, []string{"a", "b"}, "b"},
		"no HEAD: any will": {[]wire.Ref{ref("refs/heads/x", "x"), ref("refs/heads/y", "y")}, []string{"x", "y"}, "x"},
	} {
		wants, head := wantsOf(c.refs)
		if !slices.Equal(wants, c.wants) || head != c.head {
			t.Errorf("%s: %q at %q, want %q at %q", name, wants, head, c.wants, c.head)
		}
	}
}

func TestCooldown(t *testing.T) {
	t.Parallel()
	var p cooldown
	if !p.over(1, noon) {
		t.Error("nothing was to be waited for")
	}
	p.setUntil(1, noon.Add(time.Hour))
	if p.over(1, noon.Add(time.Minute)) || !p.over(1, noon.Add(time.Hour)) || !p.over(2, noon) {
		t.Error("a cooldown ends at its time, for its repository")
	}
}
