package detect

import (
	"context"
	"sync"

	"github.com/rekey-app/rekey/detect/literal"
	"github.com/rekey-app/rekey/detect/unpack"
)

// Options configure a [Scanner]. The zero value is what the server uses.
type Options struct {
	// Unpack bounds what archives and compressed texts may cost.
	Unpack unpack.Limits
	// Malformed reports, with low confidence, also secret keys of a wrong length on lines that speak of Clerk: a key that was
	// cut short or mistyped gives most of itself away.
	Malformed bool
}

// Scanner finds credentials. It is safe for concurrent use.
type Scanner struct {
	anchors   []anchor
	search    *literal.Set // of the anchors' texts
	longest   int          // of them, and a byte more, which may end the shortest
	signs     *literal.Set // of what is evidence
	hooks     *literal.Set // of what tells whose webhooks a text handles
	walker    unpack.Walker
	limits    unpack.Limits
	malformed bool
	samples   []string  // fingerprints of what is no secret
	windows   sync.Pool // of *[]byte, for streams
}

// New returns a scanner. It takes some milliseconds; make one for all texts.
func New(opts Options) *Scanner {
	s := &Scanner{limits: opts.Unpack, malformed: opts.Malformed, samples: publicSamples[:], signs: compile(signs(), signsBytes, signsHalves, signsPairs), hooks: compileHooks(), anchors: anchors()}
	s.search = compile(anchorTexts(s.anchors), anchorsBytes, anchorsHalves, anchorsPairs)
	for _, a := range s.anchors {
		s.longest = max(s.longest, len(a.text)+1)
	}
	return s
}

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
}

// Scan returns the findings of text, in the order of their places, those of archives by member. path is a hint ("" if
// not known yet): it is evidence, never a filter. Without a path the findings may hold some that need the path to be
// sure of: [Finding.At] settles them.
//
// It keeps no reference to text. A text without any of the literals that credentials start with costs one pass at memory
// speed and no allocation. ctx bounds the unpacking of archives: when it ends, what was found so far is returned.
// [Scanner.Examine] tells also what could not be read.
func (s *Scanner) Scan(ctx context.Context, path string, text []byte) []Finding {
	return s.Examine(ctx, path, text).Findings
}

// Examine is [Scanner.Scan] with what could not be read.
func (s *Scanner) Examine(ctx context.Context, path string, text []byte) Result {
	if format := unpack.Format(text); format != "" {
		return s.examinePacked(ctx, path, text)
	}
	return s.examineText(ctx, path, text)
}

// examineText is Examine for a text that is no archive.
func (s *Scanner) examineText(ctx context.Context, path string, text []byte) Result {
	order := byteOrder(text)
	first := 0
	if order < 0 {
		// Most texts end here.
		if first = s.first(text); first < 0 {
			return Result{}
		}
	}
	r := s.newRun(ctx, path, text)
	if order >= 0 {
		v := wholeNarrowed(r.root, order)
		r.read(v, 0, len(v.text))
	} else {
		r.read(r.root, first, len(text))
	}
	if len(r.found) == 0 {
		return Result{Skipped: r.skipped}
	}
	found := settle(path, r.findings())
	l := locator{text: text, order: order, line: 1}
	for i := range found {
		l.locate(&found[i])
	}
	return Result{found, r.skipped}
}

// first returns the first place that deserves a look, or -1.
func (s *Scanner) first(text []byte) int {
	c := s.search.Cursor(text, 0)
	for {
		at, i := c.Next()
		if at < 0 || s.plausible(text, at, &s.anchors[i]) {
			return at
		}
	}
}

// settle judges findings by their path, where it is known.
func settle(path string, found []Finding) []Finding {
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
