package online

import (
	"context"
	"errors"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond/format"
)

// git reads every object that a ref of the repository leads to, heads of pull requests too.
func (r *reading) git(ctx context.Context, _ string) (string, error) {
	return "", r.history(ctx, r.client, r.inFile)
}

// wiki reads the git repository of the wiki, if somebody wrote in it.
func (r *reading) wiki(ctx context.Context, _ string) (string, error) {
	err := r.history(ctx, r.client.Wiki(), r.inWiki)
	if errors.Is(err, github.ErrNotFound) || !r.Token && errors.Is(err, github.ErrUnauthorized) {
		return "", nil // nobody did
	}
	return "", err
}

// history fetches and reads a git repository. at says where on GitHub a sighting is.
func (r *reading) history(ctx context.Context, client *github.Client, at func(s pack.Sighting, has func(object string) bool) where) error {
	var refs []wire.Ref
	err := r.try(ctx, func() (err error) {
		refs, err = client.Refs(ctx)
		return err
	})
	refs = slices.DeleteFunc(refs, func(ref wire.Ref) bool { // merges that GitHub makes for itself
		return strings.HasPrefix(ref.Name, "refs/pull/") && strings.HasSuffix(ref.Name, "/merge")
	})
	if err != nil || len(refs) == 0 {
		return err
	}
	return r.alone(ctx, r.try(ctx, func() error { return r.fetch(ctx, client, refs, at) }))
}

func (r *reading) fetch(ctx context.Context, client *github.Client, refs []wire.Ref, at func(s pack.Sighting, has func(object string) bool) where) error {
	var wants []string
	for _, ref := range refs {
		wants = append(wants, ref.ID)
	}
	slices.Sort(wants)
	wants = slices.Compact(wants)
	body, err := client.FetchPack(ctx, wire.Request{Wants: wants})
	if err != nil {
		return err
	}
	defer body.Close()
	options := pack.Options{TempDir: r.TempDir, Workers: r.Workers, Progress: func(p pack.Progress) {
		r.show(r.to.At.Step, []string{format.Count(p.Objects, "object", "objects") + ", " + format.Size(p.Bytes)})
	}}
	opened, err := pack.Open(ctx, body, options)
	if err != nil {
		return err
	}
	defer opened.Close()
	report, err := opened.Scan(ctx, r.Scanner, pack.Range{Heads: wants})
	if err != nil {
		return err
	}
	holders := holders{pack: opened, refs: inOrder(refs, r.to.DefaultBranch), paths: map[string]bool{}, blobs: map[string]map[string]string{}}
	for _, s := range report.Sightings {
		holders.paths[s.Path] = true
	}
	for _, s := range report.Sightings {
		place := at(s, func(object string) bool {
			_, err := opened.Blob(object, 0)
			return err == nil || errors.Is(err, pack.ErrLimit) // over no bytes at all: it is there
		})
		place.Commit, place.Author, place.Email, place.When, place.Blob = s.Commit, s.Author.Name, s.Author.Email, s.Author.When, s.Blob
		if s.AtHead && s.Source == pack.InBlob {
			if place.Refs, err = holders.of(ctx, s); err != nil {
				return err
			}
		}
		r.found(rowOf(ctx, r.Scanner, s.Finding, place))
	}
	for _, s := range report.Skipped {
		name := s.Path
		if name == "" {
			name = s.Object
		}
		r.lacks(ctx, gap{Of: r.to.At.Step, Reason: name + ": " + s.Reason, Count: 1, Part: !s.Damaged})
	}
	r.to.count(countCommits, int64(report.Stats.Commits))
	r.to.count(countBlobs, int64(report.Stats.Blobs))
	r.to.count(countBytes, report.Stats.Bytes)
	return nil
}

// inFile is a sighting's place in the repository.
func (r *reading) inFile(s pack.Sighting, has func(object string) bool) where {
	web := r.Web + "/" + r.to.Name
	name, noFile := scan.PlaceOf(s, has)
	at := where{Place: placeFile, Name: name}
	if noFile {
		at.Place = map[pack.Source]string{pack.InMessage: placeMessage, pack.InTag: placeTag, pack.InBlob: placeNote}[s.Source]
		at.URL = web + "/commit/" + s.Commit
		return at
	}
	if s.Commit != "" && s.Path != "" {
		at.URL = web + "/blob/" + s.Commit + "/" + escaped(s.Path)
		if s.Finding.Member == "" && s.Finding.Place.Line > 0 {
			at.URL += "#L" + strconv.Itoa(s.Finding.Place.Line)
		}
	}
	return at
}

// inWiki is a sighting's place in the wiki.
func (r *reading) inWiki(s pack.Sighting, _ func(string) bool) where {
	at := where{Place: placeWiki, Name: "wiki page " + s.Path, URL: r.Web + "/" + r.to.Name + "/wiki"}
	if s.Path == "" {
		at.Name = "history of the wiki"
	} else if s.Commit != "" {
		at.URL += "/" + url.PathEscape(strings.TrimSuffix(path.Base(s.Path), path.Ext(s.Path))) + "/" + s.Commit
	}
	return at
}

func escaped(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

const (
	// mostListed is how many refs are looked through for a file that some ref still has, and mostFiles how many files of each.
	mostListed = 50
	mostFiles  = 200_000
	// anotherRef stands for one beyond those.
	anotherRef = "another branch, tag or pull request"
)

// holders finds refs that still have a file.
type holders struct {
	pack  *pack.Pack
	refs  []wire.Ref
	paths map[string]bool              // that matter
	blobs map[string]map[string]string // of a commit: blob by path
}

// of returns the first ref that has the blob of a sighting at its path.
func (h *holders) of(ctx context.Context, s pack.Sighting) ([]string, error) {
	for _, ref := range h.refs[:min(len(h.refs), mostListed)] {
		commit := ref.ID
		if ref.Peeled != "" {
			commit = ref.Peeled
		}
		blobs, known := h.blobs[commit]
		if !known {
			list, err := h.pack.Files(ctx, commit, mostFiles)
			if err != nil && !errors.Is(err, pack.ErrNotFound) { // not found: no commit
				return nil, err
			}
			blobs = map[string]string{}
			for _, f := range list {
				if h.paths[f.Path] {
					blobs[f.Path] = f.Blob
				}
			}
			h.blobs[commit] = blobs
		}
		if blobs[s.Path] == s.Blob {
			return []string{ref.Name}, nil
		}
	}
	return []string{anotherRef}, nil
}

// inOrder puts the refs that say most first: the default branch, other branches, tags, the rest.
func inOrder(refs []wire.Ref, defaultBranch string) []wire.Ref {
	rank := func(ref wire.Ref) int {
		switch {
		case ref.Name == "refs/heads/"+defaultBranch:
			return 0
		case strings.HasPrefix(ref.Name, "refs/heads/"):
			return 1
		case strings.HasPrefix(ref.Name, "refs/tags/"):
			return 2
		case ref.Name == "HEAD":
			return 4
		}
		return 3
	}
	sorted := slices.Clone(refs)
	slices.SortStableFunc(sorted, func(a, b wire.Ref) int { return rank(a) - rank(b) })
	return sorted
}
