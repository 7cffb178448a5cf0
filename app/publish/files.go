package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/guide"
)

// The bounds of what is read for instructions: paths of a commit, files of them, bytes of one file and of all, places of
// the leak, and the time to fit the instructions to them.
const (
	maxListed     = 20_000
	maxGuideFiles = 300
	maxGuideFile  = 512 << 10
	maxGuideBytes = 32 << 20
	maxHeadPlaces = 40
	guideTips     = 1000 // refs, those that moved last, among which the leak's heads are looked for
	guideTime     = 10 * time.Second
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

// source is what instructions are fitted to: a commit's files, and where the leak is in them.
type source struct {
	files  guide.Files // nil where none could be read
	head   []guide.Location
	branch string // "" for the default one
}

// source reads the first of the leak's head commits that still holds it, else the first of them that can be read. It reads
// the list of a commit's files, then those that [guide.Wants] names and those that leaked, in two fetches that cost no REST
// quota. Nothing is read where all commits are gone, or where this was the last try.
func (w *Worker) source(ctx context.Context, client *github.Client, f issueFacts, lastTry bool) (source, error) {
	var best source
	for _, head := range leakHeads(f) {
		s, places, err := w.listing(ctx, client, head.commit, f.Sightings)
		if err == nil && best.files != nil && len(places) == 0 {
			continue // the one that was read already says as much
		}
		var found []guide.Location
		if err == nil {
			found, err = w.readFiles(ctx, client, s, places, f.Leak.Fingerprint)
		}
		switch {
		case err != nil && !lastTry && !read.Unreadable(err):
			return source{}, fmt.Errorf("reading the files of %s: %w", head.commit, err)
		case err != nil:
			w.Log.WarnContext(ctx, "the repository's files could not be read", "commit", head.commit, "error", err)
		case len(found) > 0:
			return source{s, found, head.branch}, nil
		case best.files == nil:
			best = source{files: s}
		}
	}
	return best, nil
}

// headCommit is a commit in whose files a leak may still be.
type headCommit struct {
	commit string
	branch string // "" for the default one
}

// leakHeads returns at most maxLeakHeads commits: the tip of the default branch, which is what usually runs, that of the
// branch to which the leak was pushed last, branches that end in a leaking commit, and those that by their names run
// somewhere. Where none is known it is the leaking commit itself.
func leakHeads(f issueFacts) []headCommit {
	var out []headCommit
	add := func(t respond.Tip) {
		branch, ok := strings.CutPrefix(t.Ref, "refs/heads/")
		if !ok || len(out) == maxLeakHeads || slices.ContainsFunc(out, func(h headCommit) bool { return h.commit == t.SHA }) {
			return
		}
		if branch == f.source.DefaultBranch {
			branch = ""
		}
		out = append(out, headCommit{t.SHA, branch})
	}
	last := lastSighting(f.Sightings)
	for _, wanted := range []func(respond.Tip) bool{
		func(t respond.Tip) bool { return t.Ref == "refs/heads/"+f.source.DefaultBranch },
		func(t respond.Tip) bool { return t.Ref == last.Ref },
		func(t respond.Tip) bool {
			return slices.ContainsFunc(f.Sightings, func(s respond.Sighting) bool { return s.Commit == t.SHA })
		},
		func(t respond.Tip) bool {
			return slices.Contains(deployedBranches, strings.TrimPrefix(t.Ref, "refs/heads/"))
		},
	} {
		for _, t := range f.tips {
			if wanted(t) {
				add(t)
			}
		}
	}
	if len(out) == 0 && last.Commit != "" {
		out = append(out, headCommit{commit: last.Commit})
	}
	return out
}

const maxLeakHeads = 4

// deployedBranches are names of branches from which something usually runs.
var deployedBranches = []string{"production", "prod", "live", "release", "main", "master", "staging", "develop"}

// lastSighting is the last one that brought the leak.
func lastSighting(sightings []respond.Sighting) respond.Sighting {
	var last respond.Sighting
	for _, s := range sightings {
		if s.Commit != "" && !s.Authored.Before(last.Authored) {
			last = s
		}
	}
	return last
}

// listing reads the list of a commit's files, and which of them may hold the leak.
func (w *Worker) listing(ctx context.Context, client *github.Client, commit string, sightings []respond.Sighting) (*snapshot, []guide.Location, error) {
	s := &snapshot{blobs: map[string]string{}, texts: map[string][]byte{}}
	err := w.Reader.WithPack(ctx, client, wire.Request{Wants: []string{commit}, Deepen: 1, Filter: "blob:none"}, func(p *pack.Pack) error {
		files, err := p.Files(ctx, commit, maxListed)
		for _, f := range files {
			s.paths = append(s.paths, f.Path)
			s.blobs[f.Path] = f.Blob
		}
		return err
	})
	return s, s.suspects(sightings), err
}

// suspects are the files that may hold the leak: those with the content that leaked, under whatever name, and those that
// leaked once and have another content now. Where the list is cut, what it lacks is suspect too.
func (s *snapshot) suspects(sightings []respond.Sighting) []guide.Location {
	leaked := map[string]respond.Sighting{} // by object id
	var out []guide.Location
	add := func(path string, at respond.Sighting) {
		known := slices.ContainsFunc(out, func(l guide.Location) bool { return l.Path == path && l.Line == at.Line && l.Member == at.Member })
		if !known && len(out) < maxHeadPlaces {
			out = append(out, guide.Location{Path: path, Line: at.Line, Member: at.Member})
		}
	}
	for _, at := range sightings {
		if at.Path == "" || !at.InFile() {
			continue
		}
		leaked[at.Blob] = at
		switch blob, there := s.blobs[at.Path]; {
		case blob == at.Blob:
			add(at.Path, at)
		case there:
			add(at.Path, respond.Sighting{})
		case len(s.paths) == maxListed:
			add(at.Path, at)
		}
	}
	for _, path := range s.paths {
		if at, ok := leaked[s.blobs[path]]; ok {
			add(path, at)
		}
	}
	return out
}

// filesAttempts is how often the files are tried to be read, before an issue is filed without knowing them.
const filesAttempts = 3

// readFiles reads what the instructions want to know, masks the leak in it, and returns where it is. A suspect that
// cannot be read is taken to hold it: a step too many does no harm.
func (w *Worker) readFiles(ctx context.Context, client *github.Client, s *snapshot, suspects []guide.Location, fingerprint string) ([]guide.Location, error) {
	var wants []string
	want := func(path string) {
		if blob := s.blobs[path]; blob != "" && len(wants) < maxGuideFiles && !slices.Contains(wants, blob) {
			wants = append(wants, blob)
		}
	}
	for _, at := range suspects {
		want(at.Path)
	}
	for _, path := range s.paths { // those near the root come first
		if guide.Wants(path) {
			want(path)
		}
	}
	if len(wants) == 0 {
		return suspects, nil
	}
	err := w.Reader.WithPack(ctx, client, wire.Request{Wants: wants}, func(p *pack.Pack) error {
		total := 0
		for _, blob := range wants {
			if text, err := p.Blob(blob, maxGuideFile); err == nil && total+len(text) <= maxGuideBytes {
				s.texts[blob] = text
				total += len(text)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.locate(ctx, s, suspects, fingerprint), nil
}

// locate finds the leak in the suspects' texts.
func (w *Worker) locate(ctx context.Context, s *snapshot, suspects []guide.Location, fingerprint string) []guide.Location {
	var out []guide.Location
	read := map[string]bool{}
	for _, at := range suspects {
		text, ok := s.Read(at.Path)
		switch {
		case !ok:
			out = append(out, at)
			continue
		case read[at.Path]:
			continue
		}
		read[at.Path] = true
		for _, f := range w.Scanner.Scan(ctx, at.Path, text) {
			if f.Secret.Fingerprint() == fingerprint && len(out) < maxHeadPlaces {
				out = append(out, guide.Location{Path: at.Path, Line: f.Place.Line, Member: f.Member})
			}
		}
	}
	for path := range read {
		text, _ := s.Read(path)
		s.texts[s.blobs[path]] = w.Scanner.Redact(ctx, text)
	}
	return out
}
