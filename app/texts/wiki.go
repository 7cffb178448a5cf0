package texts

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
)

// WikiReading is what was found in a wiki.
type WikiReading struct {
	Reading
	Tips  []string // commits up to which the wiki is read now
	Stats pack.Stats
}

// Wiki reads the git repository of a wiki, all of its history but what tips reach, which were read before; nil for all. web is GitHub's
// page of the repository, and the client is that of the repository itself, with [github.ScanAccess] or more. It costs a listing of refs,
// and a fetch where something is new. [github.ErrNotFound]: the repository has no wiki, or nobody has written in it.
//
// A place names the commit, the file and, in Text.Field, the page. Text.URL is the page as it was at that commit.
func (f Files) Wiki(ctx context.Context, client *github.Client, web string, tips []string) (WikiReading, error) {
	client = client.Wiki()
	refs, err := client.Refs(ctx, "refs/heads/")
	if err != nil {
		return WikiReading{}, err
	}
	out := WikiReading{}
	request := wire.Request{Haves: tips}
	for _, ref := range refs {
		out.Tips = append(out.Tips, ref.ID)
		if !slices.Contains(tips, ref.ID) {
			request.Wants = append(request.Wants, ref.ID)
		}
	}
	if len(request.Wants) == 0 {
		return out, nil
	}
	body, err := client.FetchPack(ctx, request)
	if err != nil {
		return WikiReading{}, err
	}
	defer body.Close()
	p, err := pack.Open(ctx, body, f.Pack)
	if err != nil {
		return WikiReading{}, fmt.Errorf("reading the wiki: %w", err)
	}
	defer p.Close()
	report, err := p.Scan(ctx, f.Scanner, pack.Range{Heads: request.Wants})
	if err != nil {
		return WikiReading{}, fmt.Errorf("reading the wiki: %w", err)
	}
	out.Stats = report.Stats
	for _, s := range report.Sightings {
		out.Places = append(out.Places, Place{Finding: s.Finding, Sighting: inWiki(s, web)})
	}
	out.Places = keepFirst(out.Places)
	for _, s := range report.Skipped {
		if s.Limit {
			out.Left = append(out.Left, strings.TrimPrefix(s.Path+": "+s.Reason, ": "))
		}
	}
	return out, nil
}

func inWiki(s pack.Sighting, web string) respond.Sighting {
	page, link := wikiPage(s.Path, s.Commit)
	one := placeIn(s.Finding, respond.InWiki, respond.Text{URL: web + "/wiki" + link, Field: page, Former: !s.AtHead})
	one.Blob, one.Path, one.Commit = s.Blob, s.Path, s.Commit
	one.AuthorName, one.AuthorEmail, one.Authored = s.Author.Name, s.Author.Email, s.Author.When
	return one
}

// markups are the names' ends of pages, as GitHub has them; other files have no page that shows an earlier version.
var markups = []string{".asciidoc", ".creole", ".markdown", ".md", ".mediawiki", ".org", ".pod", ".rdoc", ".rest.txt", ".rst", ".rst.txt", ".textile", ".wiki"}

// wikiPage is a file's page, and its address below the wiki's. Pages are found by their names alone, in whatever directory they are.
func wikiPage(file, commit string) (page, link string) {
	if file == "" { // a commit's message
		return "message", ""
	}
	name := path.Base(file)
	for _, end := range markups {
		if page, is := strings.CutSuffix(name, end); is && page != "" {
			return page, "/" + url.PathEscape(page) + "/" + commit
		}
	}
	parts := strings.Split(file, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return file, "/" + strings.Join(parts, "/")
}
