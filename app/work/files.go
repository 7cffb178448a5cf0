package work

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond/guide"
)

// The bounds of what is read for instructions: paths of a commit, files of them, bytes of one file.
const (
	maxListed     = 20_000
	maxGuideFiles = 300
	maxGuideFile  = 512 << 10
)

// snapshot is a commit's files, for the instructions: one fetch brought the list, one more brings all that is read.
type snapshot struct {
	paths []string
	blobs map[string]string // path to object id
	texts map[string][]byte // by object id
}

// List implements [guide.Files].
func (s *snapshot) List() []string { return s.paths }

// Read implements [guide.Files].
func (s *snapshot) Read(path string) ([]byte, bool) {
	text, ok := s.texts[s.blobs[path]]
	return text, ok
}

// files reads what the instructions want to know of a commit: the list of its files, then those that
// [guide.Wants] names, in two fetches that cost no REST quota. nil where the commit is gone, or where this was the last
// try: the instructions are then general ones.
func (w *Worker) files(ctx context.Context, client *github.Client, commit string, lastTry bool) (guide.Files, error) {
	if commit == "" {
		return nil, nil
	}
	s := &snapshot{blobs: map[string]string{}, texts: map[string][]byte{}}
	err := w.withPack(ctx, client, wire.Request{Wants: []string{commit}, Deepen: 1, Filter: "blob:none"}, func(p *pack.Pack) error {
		files, err := p.Files(ctx, commit, maxListed)
		for _, f := range files {
			s.paths = append(s.paths, f.Path)
			s.blobs[f.Path] = f.Blob
		}
		return err
	})
	if err == nil {
		err = w.readFiles(ctx, client, s)
	}
	if err != nil && !lastTry && !unreadable(err) {
		return nil, fmt.Errorf("reading the files of %s: %w", commit, err)
	}
	if err != nil {
		w.Log.WarnContext(ctx, "the repository's files could not be read: the instructions are general ones", "commit", commit, "error", err)
		return nil, nil
	}
	return s, nil
}

// filesAttempts is how often the files are tried to be read, before an issue is filed without knowing them.
const filesAttempts = 3

// unreadable tells that an object cannot be read, now or later: its commits are gone, or it is too large.
func unreadable(err error) bool {
	server, ok := errors.AsType[*wire.ServerError](err)
	return ok && server.NotOurRef() || errors.Is(err, pack.ErrNotFound) || errors.Is(err, pack.ErrLimit)
}

func (w *Worker) readFiles(ctx context.Context, client *github.Client, s *snapshot) error {
	var wants []string
	for _, path := range s.paths { // those near the root come first
		if blob := s.blobs[path]; guide.Wants(path) && len(wants) < maxGuideFiles && !slices.Contains(wants, blob) {
			wants = append(wants, blob)
		}
	}
	if len(wants) == 0 {
		return nil
	}
	return w.withPack(ctx, client, wire.Request{Wants: wants}, func(p *pack.Pack) error {
		for _, blob := range wants {
			if text, err := p.Blob(blob, maxGuideFile); err == nil {
				s.texts[blob] = text
			}
		}
		return nil
	})
}

func (w *Worker) withPack(ctx context.Context, client *github.Client, request wire.Request, do func(*pack.Pack) error) error {
	body, err := client.FetchPack(ctx, request)
	if err != nil {
		return err
	}
	defer body.Close()
	p, err := pack.Open(ctx, body, w.packOptions())
	if err != nil {
		return err
	}
	defer p.Close()
	return do(p)
}
