package online

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/app/texts"
	"github.com/rekey-app/rekey/github"
)

// alone tells a download that doesn't come from a GitHub that doesn't answer at all, which ends the scan.
func (r *reading) alone(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || !unreachable(err) {
		return err
	}
	if _, other := r.client.Repository(ctx); other != nil {
		return err
	}
	return errors.New(github.Reason(err))
}

// files reads what is no text. What of it is over a limit, or nobody can read, is a gap in part.
func (r *reading) files() texts.Files { return texts.Files{Scanner: r.Scanner, TempDir: r.TempDir} }

// asset looks through a file of a release, archives too.
func (r *reading) asset(ctx context.Context, of github.Text, a github.Asset) error {
	name := a.Name + " of release " + tagOf(of)
	if !a.Whole() {
		r.partly(ctx, "files of releases", name, "its upload has not ended")
		return nil
	}
	read, err := r.files().Asset(ctx, r.client, of, a)
	if err != nil {
		return err
	}
	at := where{
		Place: placeAsset, Name: name, URL: strings.Replace(of.URL, "/releases/tag/", "/releases/download/", 1) + "/" + url.PathEscape(a.Name),
	}
	for _, p := range read.Places {
		at.Author, at.When = p.Sighting.AuthorName, p.Sighting.Authored
		r.found(rowOf(ctx, r.Scanner, p.Finding, at))
	}
	r.partly(ctx, "files of releases", "release "+tagOf(of), read.Left...)
	r.to.count(countAssets, 1)
	r.to.count(countBytes, a.Size)
	return nil
}

// logs reads the logs of a page of runs.
func (r *reading) logs(ctx context.Context, cursor string) (next string, err error) {
	var runs []github.Run
	err = r.try(ctx, func() (err error) {
		runs, next, err = r.client.RunPage(ctx, cursor)
		return err
	})
	if err != nil {
		return "", err
	}
	for _, one := range runs {
		if err := r.once(ctx, fmt.Sprint(one.ID), "logs of Actions", func() error { return r.log(ctx, one) }); err != nil {
			return "", err
		}
	}
	return next, nil
}

// log looks through the logs of one run.
func (r *reading) log(ctx context.Context, one github.Run) error {
	read, err := r.files().Logs(ctx, r.client, one)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("log of %s, run %d", one.Name, one.ID)
	for _, p := range read.Places {
		r.found(rowOf(ctx, r.Scanner, p.Finding, where{
			Place: placeLog, Name: name + ": " + p.Sighting.Text.Field, URL: p.Sighting.Text.URL, Author: one.Actor, When: one.Ended,
		}))
	}
	r.partly(ctx, "logs of Actions", name, read.Left...)
	r.to.count(countLogs, 1)
	return nil
}

// partly notes what of a file was not read.
func (r *reading) partly(ctx context.Context, of, name string, left ...string) {
	for _, reason := range left {
		r.lacks(ctx, gap{Of: of, Reason: name + ": " + reason, Count: 1, Part: true})
	}
}

// missing is the gap of one file, log or history of edits that can't be read. Others of its kind may be there.
func (r *reading) missing(of string, err error) gap {
	g := gap{Of: of, Reason: r.refused(err, permissionFor(of)), Count: 1}
	if of == "logs of Actions" && (errors.Is(err, github.ErrGone) || errors.Is(err, github.ErrNotFound)) {
		g.Reason, g.Part = "expired or deleted", true
	}
	return g
}

func permissionFor(of string) string {
	switch of {
	case "logs of Actions":
		return "Actions: read"
	case "files of releases":
		return "Contents: read"
	}
	return "Issues: read and Pull requests: read"
}
