package crashtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/text"
)

const (
	maxLeaks    = 40 // of a repository: fewer than max_per_hour in the policy
	maxBranches = 10
	maxForks    = 4
	main        = "refs/heads/main"
)

// repository is a repository on the stand-in, what is done in it, and the model of it. One goroutine works on it at a time.
type repository struct {
	w    *world
	name string
	rng  *rand.Rand // decides all that is done here, and nothing else
	on   *githubtest.Repository

	mu sync.Mutex // held by whoever works on it

	history
	accepted map[int]bool // commits whose push to a branch the server took
	shared   map[int]bool // commits whose checks other events than a push may conclude
	heads    map[int]head
	loose    bool // its history is being read, be it for the first time or again: each push may show all of it, or nothing
	leaks    []*leak
	pulls    []*pull
	serial   int // of names
	human    int // issues that people opened
	gone     bool
}

type pull struct {
	on      *githubtest.PullRequest
	fork    *githubtest.Repository // nil: of the repository itself
	by      *githubtest.Account
	ref     string
	tip     int
	brought []*leak // from outside
	triaged bool
}

// act does the next thing, and reports whether anything was done. An error is the test's own.
func (r *repository) act(ctx context.Context) error {
	type choice struct {
		weight int
		do     func(context.Context) error
	}
	choices := []choice{
		{36, func(ctx context.Context) error { return r.commitTo(ctx, r.anyBranch(), false) }},
		{16, func(ctx context.Context) error { return r.commitTo(ctx, r.anyBranch(), true) }},
		{8, r.newBranch},
		{3, r.sameBranch},
		{6, r.forcePush},
		{3, r.deleteBranch},
		{5, r.tag},
		{5, r.merge},
		{3, r.mergeGroup},
		{5, r.openPull},
		{3, r.pushToPull},
		{4, r.triage},
		{24, r.tell},
		{4, r.rerequest},
		{2, r.rename},
		{2, r.chat},
	}
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	n := r.rng.IntN(total)
	for _, c := range choices {
		if n < c.weight {
			return c.do(ctx)
		}
		n -= c.weight
	}
	return nil
}

func (r *repository) next(name string) string {
	r.serial++
	return fmt.Sprint(name, r.serial)
}

func (r *repository) branches() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.refs)), func(ref string) bool { return !strings.HasPrefix(ref, "refs/heads/") })
}

func (r *repository) anyBranch() string {
	if b := r.branches(); len(b) > 0 && r.rng.IntN(3) > 0 {
		return b[r.rng.IntN(len(b))]
	}
	return main
}

// make makes a commit in a repository of git: a fork's are in the fork. With a key, its file holds a new one, or one that is
// known already in a new place.
func (r *repository) make(in *githubtest.Repository, withKey, outside bool, parents ...int) (int, error) {
	name := r.next("f")
	body := fmt.Sprintf("# %s of %s\nvalue = %d\n", name, r.name, r.rng.Int64())
	c := commit{parents: parents}
	if withKey {
		l := r.keyFor(outside)
		if l != nil {
			c.keys = append(c.keys, l)
			body = "# " + name + "\nCLERK_SECRET_KEY=" + l.key + "\n"
		}
	}
	shas := []string{} // not nil: a root
	for _, p := range parents {
		shas = append(shas, r.commits[p].sha)
	}
	sha, err := in.Commit(githubtest.Change{
		Parents: shas, Files: map[string]string{"src/" + name + ".env": body}, Author: r.w.ada, Message: "Add " + name,
	})
	if err != nil {
		return 0, err
	}
	c.sha = sha
	r.commits = append(r.commits, c)
	return len(r.commits) - 1, nil
}

// keyFor returns a new key, or at times one that the repository has.
func (r *repository) keyFor(outside bool) *leak {
	if !outside && len(r.leaks) > 0 && (len(r.leaks) >= maxLeaks || r.rng.IntN(5) == 0) {
		known := r.leaks[r.rng.IntN(len(r.leaks))]
		if known.filed {
			return known
		}
	}
	if len(r.leaks) >= maxLeaks {
		return nil
	}
	env := []detect.Environment{detect.Live, detect.Test}[r.rng.IntN(2)]
	key := detecttest.Key(r.rng.Int64(), env)
	secret := detect.NewSecret(key)
	all := stories()
	l := &leak{key: key, fingerprint: secret.Fingerprint(), env: env, filed: !outside, want: fresh, story: all[r.rng.IntN(len(all))]}
	r.w.knowKey(key)
	r.w.clerk.Add(secret, "ins_2abcDEFghiJKLmnoPQRstuVWXyz", env)
	r.leaks = append(r.leaks, l)
	return l
}

func (r *repository) commitTo(ctx context.Context, ref string, withKey bool) error {
	var parents []int
	if tip, ok := r.refs[ref]; ok {
		parents = append(parents, tip)
	}
	c, err := r.make(r.on, withKey, false, parents...)
	if err != nil {
		return err
	}
	return r.push(ctx, ref, c)
}

func (r *repository) newBranch(ctx context.Context) error {
	tip, ok := r.refs[main]
	if !ok || len(r.branches()) >= maxBranches {
		return nil
	}
	c, err := r.make(r.on, r.rng.IntN(4) == 0, false, tip)
	if err != nil {
		return err
	}
	return r.push(ctx, "refs/heads/"+r.next("b"), c)
}

// sameBranch makes a branch at the tip of another one.
func (r *repository) sameBranch(ctx context.Context) error {
	tip, ok := r.refs[r.anyBranch()]
	if !ok || len(r.branches()) >= maxBranches {
		return nil
	}
	return r.push(ctx, "refs/heads/"+r.next("same"), tip)
}

// forcePush takes the last commit of a branch away and puts another one in its place.
func (r *repository) forcePush(ctx context.Context) error {
	ref := r.anyBranch()
	tip, ok := r.refs[ref]
	if !ok || len(r.commits[tip].parents) == 0 {
		return nil
	}
	c, err := r.make(r.on, r.rng.IntN(3) == 0, false, r.commits[tip].parents[0])
	if err != nil {
		return err
	}
	return r.push(ctx, ref, c)
}

func (r *repository) deleteBranch(ctx context.Context) error {
	ref := r.anyBranch()
	if ref == main || r.refs[ref] == 0 || r.pullOf(ref) != nil {
		return nil
	}
	_, err := r.on.Push(ctx, githubtest.Push{Ref: ref, By: r.w.ada})
	delete(r.refs, ref)
	return err
}

func (r *repository) tag(ctx context.Context) error {
	tip, ok := r.refs[r.anyBranch()]
	if !ok {
		return nil
	}
	ref := "refs/tags/" + r.next("v")
	if r.rng.IntN(2) == 0 {
		return r.push(ctx, ref, tip)
	}
	object, err := r.on.Tag(strings.TrimPrefix(ref, "refs/tags/"), r.commits[tip].sha, "Release", r.w.ada)
	if err != nil {
		return err
	}
	return r.pushObject(ctx, ref, tip, object)
}

func (r *repository) merge(ctx context.Context) error {
	ref := r.anyBranch()
	tip, ok := r.refs[main]
	other, found := r.refs[ref]
	if !ok || !found || ref == main || r.reach(tip)[other] {
		return nil
	}
	c, err := r.make(r.on, false, false, tip, other)
	if err != nil {
		return err
	}
	return r.push(ctx, main, c)
}

func (r *repository) push(ctx context.Context, ref string, to int) error {
	return r.pushObject(ctx, ref, to, r.commits[to].sha)
}

func (r *repository) pushObject(ctx context.Context, ref string, to int, object string) error {
	before, moved := r.refs[ref]
	if !moved {
		before = -1
	}
	p := pushed{ref: ref, before: before, after: to, baseAccepted: moved && r.accepted[before]}
	p.baseRead = p.baseAccepted && r.wasRead(before, time.Now())
	now := time.Now()
	read, early := r.readBefore(ref, now), r.readBefore(ref, now.Add(-clockError))
	pr := r.pullOf(ref)
	r.shared[to] = r.shared[to] || pr != nil
	sent, err := r.on.Push(ctx, githubtest.Push{Ref: ref, SHA: object, By: r.w.ada})
	if err != nil {
		return err
	}
	if p.taken, p.read = len(sent) > 0 && r.w.taken(sent[0].GUID), read; !p.taken {
		p.read = early
	} else if object == r.commits[to].sha {
		r.accepted[to] = true
	}
	r.shown(to, r.move(p))
	if pr != nil {
		pr.tip = to
		r.shown(to, r.ofPull(to))
	}
	return nil
}

// clockError is by how much what is recovered from GitHub's log may count as sent too early: a second, since GitHub's Date has whole
// ones, another one for the log's own times, and as long as the answer takes, while which the process may stand still too.
const clockError = 2*time.Second + 2*time.Second + 2*silence

// shown notes what a check run may show.
func (r *repository) shown(c int, one head) {
	if r.loose {
		one = head{least: set{}, most: r.reach(c)}
	}
	if known, ok := r.heads[c]; ok {
		one = known.also(one)
	}
	r.heads[c] = one
}

// readBefore returns what the server had certainly read by then and keeps a tip of: what other branches hold whose own scans are over.
func (r *repository) readBefore(ref string, then time.Time) set {
	var tips []int
	for _, b := range r.branches() {
		if tip := r.refs[b]; b != ref && r.accepted[tip] && r.wasRead(tip, then) {
			tips = append(tips, tip)
		}
	}
	return r.reach(tips...)
}

// wasRead reports whether the scan of a commit's push had been seen to be over by then.
func (r *repository) wasRead(c int, then time.Time) bool {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	at := r.w.concludedAt[r.commits[c].sha]
	return !at.IsZero() && at.Before(then) && !r.shared[c]
}

func (r *repository) concluded(c int) bool {
	runs := r.on.CheckRuns(r.commits[c].sha)
	return len(runs) > 0 && runs[0].Status == "completed"
}

func (r *repository) issueOf(l *leak) (githubtest.Issue, bool) {
	for _, i := range r.on.Issues() {
		if id, fingerprint, ok := text.ParseMarker(i.Body); ok && id == r.on.ID() && fingerprint == l.fingerprint {
			return i, true
		}
	}
	return githubtest.Issue{}, false
}

// tell goes on with the story of a leak whose last step is seen to be done.
func (r *repository) tell(ctx context.Context) error {
	waiting := slices.DeleteFunc(slices.Clone(r.leaks), func(l *leak) bool { return !l.filed || l.step >= len(l.story) })
	if len(waiting) == 0 {
		return nil
	}
	l := waiting[r.rng.IntN(len(waiting))]
	issue, found := r.issueOf(l)
	if !found || r.loose || r.w.differs(issue, l) != "" {
		return nil
	}
	s := l.story[l.step]
	if s.revoke {
		r.w.clerk.Delete(detect.NewSecret(l.key))
	}
	l.step++
	l.want = s.want
	if s.say == "" {
		l.byHand = true
		_, err := r.on.CloseIssue(ctx, issue.Number, "", r.w.people[s.by])
		return err
	}
	_, err := r.on.Comment(ctx, issue.Number, s.say, r.w.people[s.by])
	return err
}

func (r *repository) rerequest(ctx context.Context) error {
	heads := slices.Sorted(maps.Keys(r.heads))
	if len(heads) == 0 {
		return nil
	}
	runs := r.on.CheckRuns(r.commits[heads[r.rng.IntN(len(heads))]].sha)
	if len(runs) != 1 {
		return nil
	}
	_, err := r.on.Rerequest(ctx, runs[0].ID, r.w.ada)
	return err
}

func (r *repository) rename(ctx context.Context) error {
	name, _, _ := strings.Cut(r.on.Name(), "-")
	r.on.Rename(ctx, r.w.ada, r.next(name+"-"))
	return nil
}

// chat opens an issue that is none of ours, or talks in it.
func (r *repository) chat(ctx context.Context) error {
	if r.human == 0 {
		r.human, _ = r.on.OpenIssue(ctx, "The door squeaks", "Oil it.", r.w.sam)
		return nil
	}
	_, err := r.on.Comment(ctx, r.human, cmp.Or([]string{"/rekey rotated", "me too"}[r.rng.IntN(2)]), r.w.ada)
	return err
}
