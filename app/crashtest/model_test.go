package crashtest

import (
	"maps"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// history is what the model knows of a repository's commits. It is told what was pushed and asks nobody what came of it.
type history struct {
	commits []commit
	refs    map[string]int // by full name: index of the commit that it points to
	pushed  map[int]bool   // commits that were ever reachable from a ref of the repository
}

type commit struct {
	sha     string
	parents []int
	keys    []*leak // that its files bring
}

// set is a set of commits, by index.
type set map[int]bool

// reach returns the commits and all their ancestors.
func (h *history) reach(from ...int) set {
	out := set{}
	for len(from) > 0 {
		i := from[len(from)-1]
		from = from[:len(from)-1]
		if i < 0 || out[i] {
			continue
		}
		out[i] = true
		from = append(from, h.commits[i].parents...)
	}
	return out
}

// without returns the commits of s that are in none of the others.
func (s set) without(others ...set) set {
	out := maps.Clone(s)
	for _, other := range others {
		maps.DeleteFunc(out, func(i int, _ bool) bool { return other[i] })
	}
	return out
}

// head is what is known of a commit that gets a check run: it shows the leaks of at least the commits in least, of at most those
// in most. The two differ where a delivery was lost, or not acted upon yet, when a later one came: which of the two pushes then
// brings the commits that had been pushed elsewhere before is not determined.
type head struct {
	least, most set
}

// pushed is a change of a ref, with what the server could know when its delivery came.
type pushed struct {
	ref           string
	before, after int  // -1: none
	baseAccepted  bool // the server had taken the delivery that brought before,
	baseRead      bool // and had read it
	taken         bool // the server took this one at once: later ones had not been read by then
	read          set  // commits that the server had certainly read, by its own clock
}

// move records a push, and returns what its check run may show.
func (h *history) move(p pushed) head {
	reach := h.reach(p.after)
	base := h.reach(p.before)
	least, most := reach.without(base, h.pushed), reach
	forward := p.before >= 0 && reach[p.before]
	if forward {
		least = reach.without(base)
	}
	switch {
	case p.taken || forward && p.baseAccepted:
	case strings.HasPrefix(p.ref, "refs/tags/"):
		least = set{} // what came later may have brought all of it, and GitHub lists no commits of tags
	default:
		least = least.without(h.pushed) // what came later may have brought the rest
	}
	// What is recovered from GitHub's log may count as sent before the push that it came upon was taken.
	based := p.baseRead || p.baseAccepted && p.taken
	if based {
		most = most.without(base)
	}
	if !forward || !based {
		most = most.without(p.read)
	}
	if forward { // what the push brought is its own, whoever read it
		maps.Copy(most, reach.without(base))
	}
	if !forward { // the head itself belongs to the range, whoever brought it
		least[p.after], most[p.after] = true, true
	}
	if h.pushed == nil {
		h.pushed = set{}
	}
	maps.Copy(h.pushed, reach)
	h.refs[p.ref] = p.after
	return head{least: least, most: most}
}

// also adds what another event about the same commit makes its check run show.
func (h head) also(other head) head {
	out := head{least: set{}, most: set{}}
	for _, one := range []head{h, other} {
		maps.Copy(out.least, one.least)
		maps.Copy(out.most, one.most)
	}
	return out
}

// conclusions returns which conclusions a head's check run may have.
func (h *history) conclusions(one head) (may map[string]bool) {
	if h.fails(one.least) {
		return map[string]bool{"failure": true}
	}
	if h.fails(one.most) {
		return map[string]bool{"failure": true, "success": true}
	}
	return map[string]bool{"success": true}
}

func (h *history) fails(commits set) bool {
	for i := range commits {
		for _, l := range h.commits[i].keys {
			if l.want.fails {
				return true
			}
		}
	}
	return false
}

// leak is a key in a repository, with what people did about it.
type leak struct {
	key         string
	fingerprint string
	env         detect.Environment
	filed       bool // the repository has it, and so an issue
	story       story
	step        int // how much of the story was told
	byHand      bool
	want        want
}

// want is what GitHub must show of a leak.
type want struct {
	fails    bool // its checks do
	open     bool // its issue is
	comments int  // of ours under the issue
	closings int  // of the issue, by us
}

// fresh is what GitHub must show of a leak about which nobody has said anything.
var fresh = want{fails: true, open: true}

// story is what people do about a leak, step by step. Each is taken when what the one before asked for is seen on GitHub.
type story []step

type step struct {
	say    string // comment; "": closes the issue by hand
	by     string
	revoke bool // the key is deleted at Clerk before
	want   want
}

func stories() []story {
	const rotated, ignored = "/rekey rotated", "/rekey ignore it never worked"
	closed := func(comments int) want { return want{comments: comments, closings: 1} }
	open := func(comments, closings int) want {
		return want{fails: true, open: true, comments: comments, closings: closings}
	}
	return []story{
		nil,
		nil,
		{{say: rotated, by: "ada", want: open(1, 0)}},
		{{say: rotated, by: "ada", revoke: true, want: closed(1)}},
		{{say: rotated, by: "ada", want: open(1, 0)}, {say: rotated, by: "ada", revoke: true, want: closed(2)}},
		{{say: ignored, by: "ada", want: closed(1)}},
		{{say: ignored, by: "ada", want: closed(1)}, {say: "/rekey reopen it is in use", by: "ada", want: open(2, 1)}},
		{{by: "ada", want: open(1, 0)}},
		{{by: "ada", revoke: true, want: want{comments: 1}}}, // it is closed already
		{{say: rotated, by: "sam", want: open(1, 0)}},
		{{say: "/rekey status", by: "ada", want: open(1, 0)}},
		{{say: "who knows what this is?", by: "sam", want: open(0, 0)}},
	}
}
