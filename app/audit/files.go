package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
)

// The bounds of what is read for an audit: paths of a commit, files that name packages, files in all, bytes of one and of all of them,
// commits of a pull request, and how often an audit may ask for files that it hasn't yet.
const (
	maxListed    = 100_000
	maxManifests = 300
	maxFiles     = 8000
	maxFile      = 2 << 20
	maxBytes     = 48 << 20
	maxCommits   = 10_000
	maxRounds    = 4
)

// snapshot is the list of a commit's files.
type snapshot struct {
	paths []string // the shallow ones first
	blobs map[string]string
	whole bool
}

// empty is what a commit without files has.
func empty() *snapshot { return &snapshot{blobs: map[string]string{}, whole: true} }

// list reads the lists of commits' files, without their contents, by one fetch.
func (w *Worker) list(ctx context.Context, client *github.Client, commits ...string) ([]*snapshot, error) {
	var all []*snapshot
	unique := slices.Compact(slices.Sorted(slices.Values(commits)))
	err := w.Reader.WithPack(ctx, client, wire.Request{Wants: unique, Deepen: 1, Filter: "blob:none"}, func(p *pack.Pack) error {
		for _, commit := range commits {
			files, err := p.Files(ctx, commit, maxListed)
			if err != nil {
				return err
			}
			s := &snapshot{blobs: make(map[string]string, len(files)), whole: len(files) < maxListed}
			for _, f := range files {
				s.paths = append(s.paths, f.Path)
				s.blobs[f.Path] = f.Blob
			}
			all = append(all, s)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the files of %s: %w", commits[0], err)
	}
	return all, nil
}

// mergeBase returns the commit from which a pull request's changes count, "" where its history has none in common with the branch that it
// goes to. known is false where that can't be told.
func (w *Worker) mergeBase(ctx context.Context, client *github.Client, head, base string) (commit string, known bool, err error) {
	if base == "" {
		return "", false, nil
	}
	request := wire.Request{Wants: []string{head}, Haves: []string{base}, Filter: "tree:0", RequireCommon: true}
	err = w.Reader.WithPack(ctx, client, request, func(p *pack.Pack) error {
		commit, err = p.Boundary(ctx, head, maxCommits)
		return err
	})
	switch {
	case errors.Is(err, wire.ErrNoCommonHave), read.Unreadable(err):
		return "", false, nil
	case err != nil:
		return "", false, fmt.Errorf("reading what leads to %s: %w", head, err)
	}
	return commit, true, nil
}

// shelf holds the texts that were read for an audit, of whatever commit: a file that is the same in two is read once.
type shelf struct {
	texts   map[string][]byte // by blob
	refused map[string]bool   // blobs that are not to be had
	asked   []string          // blobs that were asked for and not read yet, the most important first
	bytes   int
}

func newShelf() *shelf {
	return &shelf{texts: map[string][]byte{}, refused: map[string]bool{}}
}

// ask notes that files of a commit are needed.
func (s *shelf) ask(of *snapshot, names []string) {
	for _, name := range names {
		s.want(of.blobs[name])
	}
}

func (s *shelf) want(blob string) {
	if _, there := s.texts[blob]; blob != "" && !there && !s.refused[blob] {
		s.refused[blob] = true // unless it is read
		s.asked = append(s.asked, blob)
	}
}

// fill reads what was asked for, by one fetch, within the bounds. What exceeds them is refused.
func (w *Worker) fill(ctx context.Context, client *github.Client, s *shelf) error {
	if len(s.asked) == 0 {
		return nil
	}
	wants := s.asked[:min(len(s.asked), max(0, maxFiles-len(s.texts)))]
	s.asked = nil
	if len(wants) == 0 {
		return nil
	}
	err := w.Reader.WithPack(ctx, client, wire.Request{Wants: wants}, func(p *pack.Pack) error {
		for n := len(wants); n > 0; n /= 2 { // as many as fit, the same ones each time
			texts, fits, err := p.Texts(ctx, wants[:n], maxFile, maxBytes-s.bytes)
			if err != nil {
				return err
			}
			s.put(texts)
			if fits {
				return nil
			}
		}
		return nil
	})
	if err != nil && !read.Unreadable(err) {
		return fmt.Errorf("reading %d files: %w", len(wants), err)
	}
	return nil
}

func (s *shelf) put(texts map[string][]byte) {
	for blob, text := range texts {
		s.texts[blob] = text
		s.bytes += len(text)
		delete(s.refused, blob)
	}
}

// tree is a commit's files as an audit sees them. What it asks for in vain is noted, so that it can be read.
type tree struct {
	*snapshot
	shelf *shelf
}

// Paths implements [audit.Tree].
func (t tree) Paths() []string { return t.paths }

// Whole implements [audit.Tree].
func (t tree) Whole() bool { return t.whole }

// Read implements [audit.Tree].
func (t tree) Read(name string) ([]byte, bool) {
	blob := t.blobs[name]
	text, ok := t.shelf.texts[blob]
	if !ok {
		t.shelf.want(blob)
	}
	return text, ok
}

// usesClerk reports whether a file that names packages names one of Clerk's.
func usesClerk(t tree, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		text, _ := t.Read(name)
		return slices.ContainsFunc(clerksPackages(), func(part string) bool { return bytes.Contains(text, []byte(part)) })
	})
}

// clerksPackages are parts of the names of Clerk's packages, for all languages.
func clerksPackages() []string {
	return []string{"@clerk/", "clerk-sdk-", "clerk-backend-api", "clerk_backend_api", "clerk-http-client", "clerkinc/"}
}
