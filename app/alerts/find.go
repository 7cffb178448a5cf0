package alerts

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
)

// found is what an alert is about.
type found struct {
	fingerprint string // "": no Clerk credential
	sightings   []pack.Sighting
	alone       *detect.Finding // the credential itself, where no file holds it
	places      []respond.AlertPlace
}

// find finds the Clerk credential that an alert is about, and where it is. fingerprint is what is known already: then the secret is not
// asked for.
func (w *Worker) find(ctx context.Context, client *github.Client, t Task, a github.Alert, fingerprint string) (found, error) {
	locations, err := client.AlertLocations(ctx, a.Number, maxLocations)
	if err != nil {
		return found{}, err
	}
	out := found{fingerprint: fingerprint, places: w.placesOf(ctx, locations)}
	targets := map[string]bool{fingerprint: true}
	if fingerprint == "" {
		if targets, out.alone, err = w.secretOf(ctx, client, a); err != nil {
			return found{}, err
		}
	}
	// Where GitHub does not show the secret, a pattern's name and the alert's own lines tell it.
	byLine := fingerprint == "" && isNamed(a) && out.alone == nil
	judge := func(f detect.Finding, l github.AlertLocation) bool {
		return targets[f.Secret.Fingerprint()] || byLine && f.Place.Line <= l.EndLine && f.Place.EndLine >= l.StartLine
	}
	if out.sightings, err = w.sightings(ctx, t.Repository, locations, judge); err != nil {
		return found{}, err
	}
	switch {
	case len(out.sightings) > 0:
		out.fingerprint = out.sightings[0].Finding.Secret.Fingerprint()
		out.sightings = slices.DeleteFunc(out.sightings, func(s pack.Sighting) bool { return s.Finding.Secret.Fingerprint() != out.fingerprint })
		out.alone = nil
	case out.alone != nil:
		out.fingerprint = out.alone.Secret.Fingerprint()
	}
	return out, nil
}

// secretOf asks for the alert's secret, and returns the fingerprints of what it may be in a file, none where GitHub does not show it;
// alone is the credential where the secret by itself tells that it is Clerk's.
func (w *Worker) secretOf(ctx context.Context, client *github.Client, a github.Alert) (targets map[string]bool, alone *detect.Finding, err error) {
	secret, err := client.AlertSecret(ctx, a.Number)
	if err != nil || secret == "" {
		return nil, nil, err
	}
	text := secret
	if isNamed(a) { // the name is what Clerk's shorter credentials need beside them
		text = cmp.Or(a.Name, a.Type) + ": " + secret
	}
	targets = map[string]bool{detect.NewSecret(secret).Fingerprint(): true}
	for _, f := range w.Scanner.Scan(ctx, "", []byte(text)) {
		targets[f.Secret.Fingerprint()] = true
		if (isNamed(a) || f.Confidence != detect.LowConfidence) && (alone == nil || f.Urgency() < alone.Urgency()) {
			alone = &f
		}
	}
	return targets, alone, nil
}

// placesOf are the places beside those in files.
func (w *Worker) placesOf(ctx context.Context, locations []github.AlertLocation) (places []respond.AlertPlace) {
	for _, l := range locations {
		p := respond.AlertPlace{Kind: w.said(ctx, l.Kind), URL: w.link(ctx, l.URL)}
		if !l.InCommit() && !slices.Contains(places, p) {
			places = append(places, p)
		}
	}
	return places
}

// sightings reads the files of the alert again, through git, and returns what judge takes of what is in them. An object that is gone, or
// too large, holds nothing.
func (w *Worker) sightings(ctx context.Context, in github.Repository, locations []github.AlertLocation, judge func(detect.Finding, github.AlertLocation) bool) ([]pack.Sighting, error) {
	wants := map[string]bool{}
	for _, l := range locations {
		if l.InCommit() && l.Blob != "" {
			wants[l.Blob], wants[l.Commit] = true, true
		}
	}
	if len(wants) == 0 {
		return nil, nil
	}
	client := w.GitHub.Repository(in, github.ScanAccess)
	request := wire.Request{Wants: slices.Sorted(maps.Keys(wants)), Deepen: 1, Filter: "tree:0"} // the files, and of each commit who wrote it
	var list []pack.Sighting
	err := w.Reader.WithPack(ctx, client, request, func(p *pack.Pack) error {
		list = nil
		for _, l := range locations {
			if !l.InCommit() || l.Blob == "" {
				continue
			}
			found, err := w.inFile(ctx, p, l, judge)
			if err != nil {
				return err
			}
			list = append(list, found...)
		}
		return nil
	})
	switch {
	case err == nil:
		return list, nil
	case !read.Unreadable(err):
		return nil, fmt.Errorf("reading the files of an alert: %w", err)
	case len(locations) == 1:
		return nil, nil
	}
	for _, l := range locations[:min(len(locations), maxSingly)] { // one that is gone has hidden the others
		found, err := w.sightings(ctx, in, []github.AlertLocation{l}, judge)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// maxSingly is how many places are read one by one.
const maxSingly = 20

// inFile scans one file of an alert.
func (w *Worker) inFile(ctx context.Context, p *pack.Pack, l github.AlertLocation, judge func(detect.Finding, github.AlertLocation) bool) (list []pack.Sighting, err error) {
	author, err := authorOf(ctx, p, l.Commit)
	if err != nil {
		return nil, err
	}
	err = p.Visit(ctx, l.Blob, func(text []byte, large io.Reader) error {
		result, err := w.examine(ctx, l.Path, text, large)
		for _, f := range result.Findings {
			if judge(f, l) {
				list = append(list, pack.Sighting{Finding: f, Source: pack.InBlob, Blob: l.Blob, Path: l.Path, Commit: l.Commit, Author: author})
			}
		}
		return err
	})
	return list, err
}

func (w *Worker) examine(ctx context.Context, path string, text []byte, large io.Reader) (detect.Result, error) {
	if large != nil {
		return w.Scanner.ExamineReader(ctx, path, large)
	}
	return w.Scanner.Examine(ctx, path, text), nil
}

// authorOf reads who wrote a commit.
func authorOf(ctx context.Context, p *pack.Pack, commit string) (author pack.Person, err error) {
	err = p.Visit(ctx, commit, func(text []byte, _ io.Reader) error {
		head, _, _ := bytes.Cut(text, []byte("\n\n"))
		for line := range bytes.Lines(head) {
			if person, ok := bytes.CutPrefix(line, []byte("author ")); ok {
				author = pack.ParsePerson(string(bytes.TrimSpace(person)))
			}
		}
		return nil
	})
	return author, err
}
