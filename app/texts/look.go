package texts

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
)

// looks are one look at the texts of a leak. What several of them have in common is asked for once.
type looks struct {
	w           *Watcher
	in          respond.Repository
	fingerprint string
	list        []respond.Sighting
	wiki        map[int64]state // by sighting; nil: not looked at yet, or not to be read, for the reason unread
	unread      error
	runs        map[int64]bool // whether their logs are there
}

// at says what became of a text. known is false where that cannot be known.
func (l *looks) at(ctx context.Context, s respond.Sighting) (is state, known bool, err error) {
	client := l.w.GitHub.Repository(record.Target(l.in), AccessOf(s))
	switch s.Source {
	case respond.InWiki:
		if l.wiki == nil && l.unread == nil {
			l.wiki, l.unread = l.w.Files.wikiStates(ctx, client, l.list)
		}
		is, known = l.wiki[s.ID]
		return is, known, l.unread
	case respond.InAsset:
		there, err := client.HasAsset(ctx, s.Text.ID)
		return state{gone: !there}, err == nil, err
	case respond.InLog:
		there, asked := l.runs[s.Text.ID]
		if !asked {
			if there, err = client.HasRunLogs(ctx, s.Text.ID); err == nil {
				l.runs[s.Text.ID] = there
			}
		}
		return state{gone: !there}, err == nil, err
	case respond.InRelease:
		return l.release(ctx, client, s)
	}
	history, known, err := l.w.history(ctx, l.in, s)
	if err != nil || !known {
		return state{}, false, err
	}
	return stateOf(s, history, func(text string) bool { return l.w.holds(ctx, text, l.fingerprint) }), true, nil
}

// release looks at a release, of which GitHub shows no earlier versions.
func (l *looks) release(ctx context.Context, client *github.Client, s respond.Sighting) (is state, known bool, err error) {
	release, err := client.Release(ctx, s.Text.ID)
	switch {
	case errors.Is(err, github.ErrNotFound):
		return state{former: s.Text.Former, gone: true}, true, nil
	case err != nil:
		return state{}, false, err
	}
	text := release.Body
	if s.Text.Field == "title" {
		text = release.Title
	}
	if l.w.holds(ctx, text, l.fingerprint) {
		return state{}, true, nil
	}
	return state{former: true, gone: true}, true, nil
}

// maxWikiFiles is how many files of a wiki are looked through.
const maxWikiFiles = 20_000

// wikiStates says what became of versions of a wiki's pages: one is gone when its commit is in the wiki's history no more, and a former one
// when the page has another text now. It fetches the history without any text.
func (f Files) wikiStates(ctx context.Context, client *github.Client, list []respond.Sighting) (map[int64]state, error) {
	states := map[int64]state{}
	client = client.Wiki()
	refs, err := client.Refs(ctx, "refs/heads/")
	if err != nil && !errors.Is(err, github.ErrNotFound) {
		return nil, err
	}
	if len(refs) == 0 { // the wiki was turned off, or all of it was deleted
		for _, s := range list {
			if s.Source == respond.InWiki {
				states[s.ID] = state{former: s.Text.Former, gone: true}
			}
		}
		return states, nil
	}
	request := wire.Request{Filter: "blob:none"}
	for _, ref := range refs {
		request.Wants = append(request.Wants, ref.ID)
	}
	body, err := client.FetchPack(ctx, request)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	p, err := pack.Open(ctx, body, f.Pack)
	if err != nil {
		return nil, fmt.Errorf("reading the wiki's history: %w", err)
	}
	defer p.Close()
	now := map[[2]string]bool{} // paths with their blobs
	for _, tip := range request.Wants {
		files, err := p.Files(ctx, tip, maxWikiFiles)
		if err != nil {
			return nil, fmt.Errorf("reading the wiki's history: %w", err)
		}
		for _, file := range files {
			now[[2]string{file.Path, file.Blob}] = true
		}
	}
	for _, s := range list {
		if s.Source != respond.InWiki {
			continue
		}
		err := p.Visit(ctx, s.Commit, func([]byte, io.Reader) error { return nil })
		switch {
		case errors.Is(err, pack.ErrNotFound):
			states[s.ID] = state{former: s.Text.Former, gone: true}
		case err != nil:
			return nil, fmt.Errorf("reading the wiki's history: %w", err)
		default:
			states[s.ID] = state{former: !now[[2]string{s.Path, s.Blob}]}
		}
	}
	return states, nil
}
