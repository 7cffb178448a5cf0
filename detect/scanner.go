package detect

import (
	"context"
	"sync"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/literal"
	"github.com/rekey-app/rekey/detect/unpack"
)

// Options configure a [Scanner]. The zero value is what the server uses.
type Options struct {
	// Unpack bounds what archives and compressed texts may cost.
	Unpack unpack.Limits
	// Malformed reports, with low confidence, also secret keys of a wrong length on lines that mention Clerk: a key that was
	// cut short or mistyped gives most of itself away.
	Malformed bool
	// Memory is the budget of the process for decoders and windows. Default: one of [budget.ProcessMemory] for the scanner.
	Memory *budget.Memory
}

// Scanner finds credentials. It is safe for concurrent use.
type Scanner struct {
	*engine
	work *budget.Work // of the scan that all texts belong to, on what is encoded or packed; nil: each for itself
}

// engine is what all scanners have that were made of one.
type engine struct {
	anchors []anchor
	search  *literal.Set // of the anchors' texts
	longest int          // of them, and a byte more, which may end the shortest
	signs   *literal.Set // of what is evidence
	hooks   *literal.Set // of what tells whose webhooks a text handles
	walker  unpack.Walker
	limits  unpack.Limits
	memory  *budget.Memory
	samples []string  // fingerprints of what is no secret
	windows sync.Pool // of *[]byte, for streams
}

// New returns a scanner. It takes some milliseconds; make one for all texts.
func New(opts Options) *Scanner {
	if opts.Memory == nil {
		opts.Memory = budget.NewMemory(budget.ProcessMemory)
	}
	s := &Scanner{engine: &engine{
		limits: opts.Unpack, memory: opts.Memory, anchors: anchorsOf(rules(opts.Malformed)),
		samples: publicSamples[:], hooks: compile(hookSigns(), ""), // only around webhook secrets, which are rare: no placements are worth it
		signs: compile(signs(), signPlacements),
	}}
	s.limits.Memory = opts.Memory
	s.search = compile(anchorTexts(s.anchors), anchorPlacements)
	for _, a := range s.anchors {
		s.longest = max(s.longest, len(a.text)+1)
	}
	return s
}

// Within returns a scanner that charges to work what is encoded or packed in the texts it examines: one budget for all
// texts of a scan. Whatever it leaves out is in [Result.Skipped].
func (s *Scanner) Within(work *budget.Work) *Scanner { return &Scanner{engine: s.engine, work: work} }

// anchorTexts are the literals of anchors.
func anchorTexts(list []anchor) []string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.text
	}
	return texts
}

// Result is what a text holds.
type Result struct {
	Findings []Finding
	Skipped  []Skipped // what could not be read
}

// Skipped is a part of a text that was not read: a corrupt or encrypted archive, or what is over a limit.
type Skipped struct {
	Member string // path inside the archive, as in [Finding]; "" for the text itself
	Reason string // in words for people
	// Limit reports whether the part is over one of rekey's own limits, rather than damaged, encrypted or of an unknown format.
	// Such a part might have been read: a text with one is never called clean.
	Limit bool
	// Places is how many places these are, where all that was left out are further places of credentials that have
	// [budget.Places] among the findings each.
	Places int
}

// Scan returns the findings of text, in the order of their places, those of archives by member. path is a hint ("" if
// not known yet): it is evidence, never a filter. Without a path the findings may hold some that need the path to be
// sure of: [Finding.At] settles them.
//
// It keeps no reference to text. A text without any of the literals that credentials start with costs one pass at memory
// speed and no allocation. When ctx ends, or the work grows over what package budget allows, what was found so far is
// returned. [Scanner.Examine] says also what was not read.
func (s *Scanner) Scan(ctx context.Context, path string, text []byte) []Finding {
	return s.Examine(ctx, path, text).Findings
}

// Examine is [Scanner.Scan] with what could not be read.
func (s *Scanner) Examine(ctx context.Context, path string, text []byte) Result {
	if format := unpack.Format(text); format != "" {
		return s.examinePacked(ctx, path, text)
	}
	order, first := encoding.ByteOrder(text), 0
	if order < 0 {
		if first = s.first(ctx, text); first < 0 {
			return Result{} // most texts end here
		}
	}
	o := s.newObject(ctx, int64(len(text)), false)
	return o.finish(s.examineFrom(o, path, text, order, first))
}

// examineText examines a text of o that is no archive.
func (s *Scanner) examineText(o *object, path string, text []byte) Result {
	order, first := encoding.ByteOrder(text), 0
	if order < 0 {
		if first = s.first(o.ctx, text); first < 0 {
			return Result{}
		}
	}
	return s.examineFrom(o, path, text, order, first)
}

// examineFrom is examineText for a text of that byte order, with no anchor worth a look before first.
func (s *Scanner) examineFrom(o *object, path string, text []byte, order, first int) Result {
	r := s.newRun(o, path, text)
	if order >= 0 {
		v := r.root.child(encoding.NarrowAll(text, order))
		r.read(v, 0, len(v.text))
	} else {
		r.read(r.root, first, len(text))
	}
	if len(r.found) == 0 {
		return Result{Skipped: r.skipped}
	}
	found := applyPath(path, r.findings())
	l := locator{text: text, order: order, line: 1}
	for i := range found {
		l.locate(&found[i])
	}
	return Result{found, r.skipped}
}

// searched is how much of a text is searched between two looks at the context.
const searched = budget.Searched

// first returns the first place that deserves a look, or -1. Where many did not, it returns the start, for those who count
// their steps.
func (s *Scanner) first(ctx context.Context, text []byte) int {
	steps := 0
	for from := 0; from < len(text); from += searched {
		if from > 0 && ctx.Err() != nil {
			return from
		}
		end := min(len(text), from+searched)
		c := s.search.Cursor(text[:min(len(text), end+s.longest)], from)
		for at, i := c.Next(); at >= 0 && at < end; at, i = c.Next() {
			a := &s.anchors[i]
			if steps += a.steps; steps > budget.CleanSteps {
				return 0
			}
			if a.plausible(text, at) {
				return at
			}
		}
	}
	return -1
}

// applyPath judges findings by their path, where it is known.
func applyPath(path string, found []Finding) []Finding {
	if path == "" {
		return found
	}
	kept := found[:0]
	for _, f := range found {
		if f, ok := f.At(path); ok {
			kept = append(kept, f)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return kept
}
