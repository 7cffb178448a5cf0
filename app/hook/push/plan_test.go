package push

import "testing"

// TestRemedyFor: the commands fit where the findings are.
func TestRemedyFor(t *testing.T) {
	t.Parallel()
	root, first, merge, tip := node{"root00000000", 0}, node{"first0000000", 1}, node{"merge0000000", 2}, node{"tip000000000", 1}
	for _, tt := range []struct {
		name    string
		commits []node
		found   []string
		want    string // "" is to amend
	}{
		{"the last commit", []node{first, tip}, []string{tip.id}, ""},
		{"an only commit without parent", []node{root}, []string{root.id}, ""},
		{"an older commit", []node{first, tip}, []string{first.id}, "first0000000^"},
		{"two commits", []node{first, tip}, []string{tip.id, first.id}, "first0000000^"},
		{"the first commit of all", []node{root, first, tip}, []string{root.id}, "--root"},
		{"merges after it", []node{first, merge, tip}, []string{first.id}, "--rebase-merges first0000000^"},
		{"merges before it", []node{merge, first, tip}, []string{first.id}, "first0000000^"},
	} {
		found := map[string]bool{}
		for _, id := range tt.found {
			found[id] = true
		}
		r := remedyFor(tt.commits, found, []string{tt.commits[len(tt.commits)-1].id})
		if r.amend != (tt.want == "") || !r.amend && r.base() != tt.want {
			t.Errorf("%s: amend %t, %s", tt.name, r.amend, r.base())
		}
	}
	if r := remedyFor(nil, map[string]bool{"a": true}, nil); r.oldest != "" {
		t.Errorf("of commits that are not known: %+v", r)
	}
}
