package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
)

// errFound ends a walk that has what it was for.
var errFound = errors.New("found")

// examiner is a [detect.Scanner].
type examiner interface {
	Examine(ctx context.Context, path string, text []byte) detect.Result
	ExamineReader(ctx context.Context, path string, r io.Reader) (detect.Result, error)
	IsClean(text []byte, base *detect.AnchorNotes, copied []detect.CopiedRange, marks *detect.AnchorNotes) bool
}

// scan is one reading of all objects, wherever they come from.
type scan struct {
	opts Options
	examiner
	// each makes all objects of the wanted kinds and calls visit for each, as [packfile.each] does.
	each func(ctx context.Context, wanted kinds, visit func(object) error) error
	// fetch returns one object, as [store.fetch] does.
	fetch func(ctx context.Context, name id, wanted kinds, limit int64) ([]byte, error)
	// refs are what each ref points to; nil for a pack, which has none.
	refs map[string]id
	// again lets as much be inflated as from the start.
	again func()
	// keepIDs is called after the first finding, when ids are needed more than once.
	keepIDs func()
	// missing is told of the commits and trees that are read; nil where nobody asks what is missing.
	missing *missing

	keeper  keeper
	workers []collected
	// reread means that the workers' parsed are not all commits.
	reread atomic.Bool
}

// collected is what one worker has found.
type collected struct {
	tags    []tag
	tagged  int     // tags, kept or not
	damaged omitted // what the scanner could not read in objects
	over    omitted // what it left out, since that was over a limit
	commits int
	parsed  []*commit // so that a finding need not make them a second time
	memory  int64     // that they take
	blobs   int
	bytes   int64
	_       [64]byte // keeps two workers' counters out of one cache line
}

// hit is an object with findings.
type hit struct {
	id       id
	kind     kind
	findings []detect.Finding
}

// run reads everything and works out where the findings stand.
func (s *scan) run(ctx context.Context, r Range) (Report, error) {
	heads := make([]id, 0, len(r.Heads))
	for _, head := range r.Heads {
		i, ok := parseID(head)
		if !ok {
			return Report{}, fmt.Errorf("scan a pack: head %q is no object id of 40 hexadecimal digits", head)
		}
		heads = append(heads, i)
	}
	s.workers = make([]collected, s.opts.Workers)
	s.keeper = keeper{limit: s.opts.MaxFindings, each: s.opts.MaxPlaces}
	report := Report{Peeled: map[string]string{}}
	err := s.each(ctx, setOf(blobKind, commitKind, tagKind), func(o object) error { return s.visit(ctx, o) })
	total := errors.Is(err, errTotal)
	if err != nil && !total {
		return Report{}, err
	}
	hits, tags := s.merge(&report)
	if total && s.again != nil {
		s.again()
	}
	if total { // what was found until then counts all the same
		report.Skipped = append(report.Skipped, Skipped{Object: "the rest", Reason: err.Error(), Limit: true})
	}
	for _, skipped := range report.Skipped { // so that their paths are found
		if name, ok := parseID(skipped.Object); ok && skipped.Limit {
			if _, known := hits[name]; !known {
				hits[name] = hit{id: name, kind: blobKind}
			}
		}
	}
	for n, head := range heads {
		if target, kind, ok := peelKind(tags, head); ok && target != head && kind == "commit" {
			report.Peeled[r.Heads[n]] = target.String()
			heads[n] = target
		}
	}
	if len(hits) == 0 {
		return report, nil
	}
	if err := s.judgeByRepository(ctx, hits); err != nil {
		return Report{}, err
	}
	if s.keepIDs != nil {
		s.keepIDs()
	}
	h := history{scan: s, hits: hits, tags: tags, heads: heads, quota: quota{budget: s.opts.Budget, limit: s.opts.MaxTrees}}
	defer h.quota.free()
	switch err := h.read(ctx); {
	case errors.Is(err, errTotal):
		h.treesCut, h.trees = true, nil
	case err != nil:
		return Report{}, err
	}
	if err := h.report(ctx, &report); err != nil {
		return Report{}, err
	}
	return report, nil
}

// visit scans one object.
func (s *scan) visit(ctx context.Context, o object) error {
	if o.large != nil {
		return s.visitLarge(ctx, o)
	}
	w := &s.workers[o.worker]
	switch o.kind {
	case blobKind:
		w.blobs++
		w.bytes += int64(len(o.text))
	case commitKind:
		w.commits++
		s.keep(o)
	case tagKind:
		t, err := parseTag(o.id(), o.text)
		if err != nil {
			return o.fail(err)
		}
		if w.tagged++; w.tagged <= max(1, budget.PackTags/len(s.workers)) {
			w.tags = append(w.tags, t)
		}
	}
	if o.kind == blobKind && s.IsClean(o.text, o.base, o.copied, o.marks) {
		return nil
	}
	return s.take(ctx, o, s.Examine(ctx, "", o.text))
}

// take keeps what was found in an object, and what could not be read of it.
func (s *scan) take(ctx context.Context, o object, result detect.Result) error {
	w := &s.workers[o.worker]
	if err := ctx.Err(); err != nil { // findings may be incomplete
		return err
	}
	if len(result.Findings)+len(result.Skipped) == 0 {
		return nil
	}
	name := o.id()
	for _, skipped := range result.Skipped {
		if secret, ok := crowded(result.Findings); ok && skipped.Places > 0 {
			s.keeper.note(secret, skipped.Places)
			continue
		}
		list := &w.damaged
		if skipped.Limit {
			list = &w.over
		}
		list.add(Skipped{Object: name.String(), Reason: reason(skipped), Limit: skipped.Limit})
	}
	if len(result.Findings) > 0 {
		s.keeper.add(name, o.kind, result.Findings)
	}
	return nil
}

// crowded returns a credential of which an object holds more places than are kept of a text, and reports whether nothing
// hides behind that: each such credential is at a place that no comment allows, and is judged by it.
func crowded(findings []detect.Finding) (secret detect.Secret, ok bool) {
	count, open := map[detect.Secret]int{}, map[detect.Secret]bool{}
	for _, f := range findings {
		count[f.Secret]++
		open[f.Secret] = open[f.Secret] || !f.Allowed
	}
	for s, n := range count {
		if n < budget.Places {
			continue
		}
		if !open[s] {
			return detect.Secret{}, false
		}
		secret, ok = s, true
	}
	return secret, ok
}

// mostParsed is how many bytes of commits are kept in case there is a finding: some 50,000. Where there are more, or one that
// cannot be parsed, all are read again.
const mostParsed = 16 << 20

// keep parses a commit.
func (s *scan) keep(o object) {
	if s.reread.Load() {
		return
	}
	w := &s.workers[o.worker]
	c, err := parseCommit(o.id(), o.text)
	if w.memory += c.memory(); err != nil || w.memory > mostParsed/int64(len(s.workers)) {
		s.reread.Store(true)
		return
	}
	w.parsed = append(w.parsed, &c)
}

// takeParsed returns the commits that keep has kept, or nil where they are to be read again.
func (s *scan) takeParsed() [][]*commit {
	parsed := make([][]*commit, len(s.workers))
	for i := range s.workers {
		parsed[i], s.workers[i].parsed = s.workers[i].parsed, nil
	}
	if s.reread.Load() {
		return nil
	}
	return parsed
}

// merge puts together what the workers have found.
func (s *scan) merge(report *Report) (hits map[id]hit, tags map[id]tag) {
	hits, tags = s.keeper.hits(), map[id]tag{}
	var damaged, over omitted
	cut := false // tags
	for i := range s.workers {
		w := &s.workers[i]
		report.Stats.Commits += w.commits
		report.Stats.Blobs += w.blobs
		report.Stats.Bytes += w.bytes
		for _, t := range w.tags {
			tags[t.id] = t
		}
		report.Stats.Tags += w.tagged
		if w.tagged > len(w.tags) {
			cut = true
		}
		damaged.join(w.damaged)
		over.join(w.over)
	}
	if cut {
		damaged.add(Skipped{Object: "tags", Reason: fmt.Sprintf("more than %d: what the others point to is not followed", budget.PackTags)})
	}
	if n := s.keeper.left; n > 0 {
		over.add(Skipped{Object: s.keeper.leftID.String(), Limit: true, Reason: fmt.Sprintf(
			"%d findings of further credentials, here and elsewhere: one scan keeps %d, the most urgent", n, s.opts.MaxFindings)})
	}
	report.Skipped = append(over.list(), damaged.list()...)
	return hits, tags
}

// reason says what the scanner could not read within an object.
func reason(s detect.Skipped) string {
	if s.Member == "" {
		return s.Reason
	}
	return s.Member + ": " + s.Reason
}

// peel follows tags from name to what they point to. It is false where that is in none of the tags.
func peel(tags map[id]tag, name id) (id, bool) {
	target, _, ok := peelKind(tags, name)
	return target, ok
}

// peelKind tells as well what kind of object the last tag points to: "commit", or for tags of other things their kind.
func peelKind(tags map[id]tag, name id) (target id, kind string, ok bool) {
	kind = "commit"
	for range len(tags) + 1 {
		t, ok := tags[name]
		if !ok {
			return name, kind, true
		}
		name, kind = t.target, t.kind
	}
	return id{}, "", false // a circle
}
