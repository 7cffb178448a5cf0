package online

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
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

// maxDownload bounds a file of a release and the logs of a run, in bytes as GitHub sends them.
const maxDownload = 100 << 20

// asset looks through a file of a release, archives too.
func (r *reading) asset(ctx context.Context, of github.Text, a github.Asset) error {
	if a.Size > maxDownload {
		return github.ErrAboveLimit
	}
	file, err := r.client.ReleaseAsset(ctx, a.ID, maxDownload)
	if err != nil {
		return err
	}
	defer file.Close()
	read, err := r.Scanner.ExamineReader(ctx, a.Name, file)
	if err != nil {
		return err
	}
	at := where{
		Place: placeAsset, Name: a.Name + " of release " + tagOf(of), Author: of.Author, When: of.Created,
		URL: strings.Replace(of.URL, "/releases/tag/", "/releases/download/", 1) + "/" + url.PathEscape(a.Name),
	}
	for _, f := range read.Findings {
		r.found(rowOf(ctx, r.Scanner, f, at))
	}
	r.partly("files of releases", at.Name, read.Skipped)
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
	file, err := r.client.RunLogs(ctx, one.ID, maxDownload)
	if err != nil {
		return err
	}
	defer file.Close()
	counted := &counter{r: file}
	read, err := r.Scanner.ExamineReader(ctx, "", counted)
	if err != nil {
		return err
	}
	at := where{Place: placeLog, Name: fmt.Sprintf("log of %s, run %d", one.Name, one.ID), When: one.Ended, URL: one.URL}
	for _, f := range inSteps(read.Findings) {
		r.found(rowOf(ctx, r.Scanner, f, at))
	}
	r.partly("logs of Actions", at.Name, read.Skipped)
	r.to.count(countLogs, 1)
	r.to.count(countBytes, counted.n)
	return nil
}

// inSteps leaves out what is in the file of a whole job where it is in that of a step too: GitHub puts both into the archive.
func inSteps(all []detect.Finding) []detect.Finding {
	inStep := map[detect.Secret]bool{}
	for _, f := range all {
		if strings.Contains(f.Member, "/") {
			inStep[f.Secret] = true
		}
	}
	var kept []detect.Finding
	for _, f := range all {
		if strings.Contains(f.Member, "/") || !inStep[f.Secret] {
			kept = append(kept, f)
		}
	}
	return kept
}

// partly notes what of a file could not be read.
func (r *reading) partly(of, name string, skipped []detect.Skipped) {
	for _, part := range skipped {
		if part.Member != "" {
			name += "!" + part.Member
		}
		r.to.lacks(gap{Of: of, Reason: name + ": " + part.Reason, Count: 1, Part: true})
	}
}

// missing is the gap of one file, log or history of edits that can't be read. Others of its kind may be there.
func (r *reading) missing(of string, err error) gap {
	g := gap{Of: of, Reason: r.refused(err, permissionFor(of)), Count: 1}
	switch {
	case errors.Is(err, github.ErrAboveLimit):
		g.Reason, g.Part = "larger than "+format.Size(maxDownload), true
	case of == "logs of Actions" && (errors.Is(err, github.ErrGone) || errors.Is(err, github.ErrNotFound)):
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
