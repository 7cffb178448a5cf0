package scan

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/format"
)

const (
	// largestShown is how large a blob may be that is read again to show the line of a finding.
	largestShown = 64 << 20
	// mostShown is how many blobs are.
	mostShown = 2000
)

// histories reads every object of each repository, all refs.
func (c *collector) histories(ctx context.Context, o Options) error {
	for _, path := range o.Paths {
		if err := c.history(ctx, path, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) history(ctx context.Context, path string, o Options) error {
	repository, err := pack.OpenRepository(ctx, path, pack.Options{Workers: o.Workers, Progress: func(p pack.Progress) {
		c.meter.set(p.Objects, p.Total, p.Bytes)
	}})
	if err != nil {
		return err
	}
	defer repository.Close()
	report, err := repository.Scan(ctx, c.scanner, pack.Range{})
	if err != nil {
		return err
	}
	c.commits += report.Stats.Commits
	c.blobs += int64(report.Stats.Blobs)
	c.blobBytes += report.Stats.Bytes
	for _, s := range report.Skipped {
		p := Problem{Path: s.Object, Reason: s.Reason, Part: !s.Damaged, Absent: s.Absent, Count: s.Count}
		if s.Absent == pack.PartialClone {
			p.Path = pathOfMissing(ctx, path, s.Object)
		}
		c.problem(p)
	}
	several := ""
	if len(o.Paths) > 1 {
		several = path
	}
	shown := c.excerptsOf(ctx, repository, report.Sightings)
	for i, s := range report.Sightings {
		file, noFile := placeIn(repository, s)
		c.add(ctx, Hit{
			Finding: s.Finding, Repository: several, File: file, NoFile: noFile, Commit: s.Commit, Author: s.Author, Blob: s.Blob,
			Refs: s.Refs, Excerpt: shown[i],
		})
	}
	return nil
}

// placeIn names where in a history something is, and says whether that is no file.
func placeIn(r *pack.Repository, s pack.Sighting) (name string, noFile bool) {
	return PlaceOf(s, func(object string) bool {
		_, err := r.Blob(object, 0)
		return err == nil || errors.Is(err, pack.ErrLimit) // over no bytes at all: it is there
	})
}

// PlaceOf names where in a history something is, and says whether that is no file; exists reports whether there is an object.
func PlaceOf(s pack.Sighting, exists func(object string) bool) (name string, noFile bool) {
	switch s.Source {
	case pack.InMessage:
		return CommitMessage, true
	case pack.InTag:
		return TagMessage, true
	}
	return noteOn(s.Path, exists)
}

const (
	// CommitMessage is the place of what is in a commit's message or header.
	CommitMessage = "commit message"
	// TagMessage is the place of what is in an annotated tag.
	TagMessage = "tag message"
)

// noteOn names what is at a path of a history. Git keeps a note (git notes) at the id of what it is about, which may have
// slashes in it. That there is such an object tells a note from a file that is called by a checksum.
func noteOn(path string, exists func(object string) bool) (name string, noFile bool) {
	id := strings.ReplaceAll(path, "/", "")
	if _, err := hex.DecodeString(id); err == nil && len(id) >= 40 && exists(id) {
		return "git note on " + id, true
	}
	return path, false
}

// excerptsOf reads the blobs again that hold findings.
func (c *collector) excerptsOf(ctx context.Context, r *pack.Repository, sightings []pack.Sighting) []excerpt.Excerpt {
	byBlob := map[string][]int{}
	for i, s := range sightings {
		byBlob[s.Blob] = append(byBlob[s.Blob], i)
	}
	all := make([]excerpt.Excerpt, len(sightings))
	read := 0
	for blob, of := range byBlob {
		if read++; read > mostShown || ctx.Err() != nil {
			break
		}
		text, err := r.Blob(blob, largestShown)
		if err != nil {
			continue // the line is not shown
		}
		again := bytes.NewReader(text)
		if isArchive(again) {
			continue
		}
		found := make([]detect.Finding, len(of))
		for n, i := range of {
			found[n] = sightings[i].Finding
		}
		for n, e := range excerpt.All(again, found) {
			e.Line = c.scanner.RedactString(ctx, e.Line)
			all[of[n]] = e
		}
	}
	return all
}

// describeRead says what was read, for people.
func (r Result) describeRead() string {
	if r.Read != "" {
		return r.Read
	}
	if !r.History {
		return fmt.Sprintf("%s, %s", format.Count(r.Files, "file", "files"), format.Size(r.Bytes))
	}
	return fmt.Sprintf("%s of %s, %s", format.Count(r.Files, "blob", "blobs"), format.Count(r.Commits, "commit", "commits"), format.Size(r.Bytes))
}
