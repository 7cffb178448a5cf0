// Package agent keeps Clerk keys out of what coding agents are told, do and write. It answers the hooks of Claude Code, Codex and
// Cursor: each runs a program with an event as JSON on its standard input, and does what that answers. Start with [Judge].
//
// event.go reads an event, texts.go finds the texts in it and in the file that it names, answer.go writes what each of the
// protocols understands, words.go the reasons. docs/agents.md names the versions of the protocols.
package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
)

const (
	// maxInput is the largest event that is read, in bytes. A tool's output may be large; agents cut it at some megabytes.
	maxInput = 32 << 20
	// within is how long an answer may take. Agents wait for 30 seconds or more.
	within = 10 * time.Second
)

// Options say how strict [Judge] is.
type Options struct {
	Protocol Protocol // "": as the event says
	FailOn   respond.FailOn
	FailOpen bool // what cannot be read passes
	// Roots are further directories of the project, beside those that the event names: files in them may be read.
	Roots []string
	// Ignored are the fingerprints of what is no secret.
	Ignored map[string]bool
	// Within bounds the reading and the scan; 0: ten seconds.
	Within time.Duration
}

// Answer is what the hook's process does: it writes Out and Err, and ends with Status.
type Answer struct {
	Out    []byte // standard output: JSON as the protocol has it, or nothing
	Err    string // standard error, with a line end: a reason for the person or the agent
	Status int    // 0, or 2, which all protocols take for a refusal
}

// Judge reads one event and answers it. It shows of a credential only what may be shown, and never fails: what it cannot read it
// refuses, unless the options say otherwise.
func Judge(ctx context.Context, s *detect.Scanner, o Options, in io.Reader) Answer {
	if o.Within == 0 {
		o.Within = within
	}
	ctx, cancel := context.WithTimeout(ctx, o.Within)
	defer cancel()
	answer, err := judge(ctx, s, o, in)
	switch {
	case err == nil:
		return answer
	case o.FailOpen:
		return Answer{Err: fmt.Sprintf("rekey: %v; it passes unread, as --fail-open says\n", err)}
	}
	return Answer{Err: fmt.Sprintf("rekey: %v. It is refused, since it may hold a Clerk key; rekey hook agent --fail-open lets such pass\n", err), Status: 2}
}

func judge(ctx context.Context, s *detect.Scanner, o Options, in io.Reader) (Answer, error) {
	input, err := read(ctx, in, maxInput)
	if err != nil {
		return Answer{}, err
	}
	e, err := parse(input, o.Protocol)
	if err != nil {
		return Answer{}, err
	}
	if e.phase == others {
		return e.pass(), nil
	}
	hits := search(ctx, s, o, e)
	if ctx.Err() != nil {
		return Answer{}, fmt.Errorf("the %s event could not be scanned within %s", e.name, format.Duration(o.Within))
	}
	if len(hits) == 0 {
		return e.pass(), nil
	}
	return e.refuse(ctx, s, o, hits)
}

// hit is a credential in one of an event's texts.
type hit struct {
	detect.Finding
	text *text
}

// search finds the credentials that count.
func search(ctx context.Context, s *detect.Scanner, o Options, e *event) []hit {
	var hits []hit
	for _, t := range e.texts(o.Roots) {
		for _, f := range s.Scan(ctx, t.path, []byte(t.value)) {
			if o.counts(f) && t.wrote(f) {
				hits = append(hits, hit{f, t})
			}
		}
	}
	return hits
}

// counts reports whether a finding is refused. What has something against it is not: a key on a line that a patch removes, or one
// that is assigned to another vendor's variable. A comment with rekey:allow does not count, since the agent could write it.
func (o Options) counts(f detect.Finding) bool {
	return f.Confidence != detect.LowConfidence && o.FailOn.Fails(f.Severity) && !o.Ignored[f.Secret.Fingerprint()]
}

// errEndless is an input that is not over in time.
var errEndless = errors.New("the event on standard input did not end in time")

// read reads all of in, if that is not too much and ends before ctx.
func read(ctx context.Context, in io.Reader, limit int64) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() { // ends with the process, where the input does not
		text, err := io.ReadAll(io.LimitReader(in, limit+1))
		done <- result{text, err}
	}()
	select {
	case <-ctx.Done():
		return nil, errEndless
	case r := <-done:
		switch {
		case r.err != nil:
			return nil, fmt.Errorf("the event on standard input could not be read: %w", r.err)
		case int64(len(r.text)) > limit:
			return nil, fmt.Errorf("the event on standard input is larger than %s", format.Size(limit))
		case len(bytes.TrimSpace(r.text)) == 0:
			return nil, errors.New("there is no event on standard input: a coding agent runs this, see docs/agents.md")
		}
		return r.text, nil
	}
}
