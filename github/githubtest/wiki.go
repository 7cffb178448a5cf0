package githubtest

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// EditWiki writes pages of the repository's wiki as a person does ("" deletes one), and sends gollum. The first edit makes the wiki: a
// git repository of its own.
func (r *Repository) EditWiki(ctx context.Context, pages map[string]string, by *Account) (Delivery, error) {
	wiki, err := r.openWiki()
	if err != nil {
		return Delivery{}, err
	}
	change, actions := Change{Author: by, Files: map[string]string{}, Message: "Updated pages"}, map[string]string{}
	for page, text := range pages {
		path := strings.ReplaceAll(page, " ", "-") + ".md"
		_, missing := wiki.File("HEAD", path)
		actions[page] = "edited"
		switch {
		case text == "":
			change.Remove = append(change.Remove, path)
			delete(actions, page) // the event tells of pages that are there
			continue
		case missing != nil:
			actions[page] = "created"
		}
		change.Files[path] = text
	}
	sha, err := wiki.Commit(change)
	if err != nil {
		return Delivery{}, err
	}
	if err := wiki.SetRef("refs/heads/"+wiki.defaultBranch, sha); err != nil {
		return Delivery{}, err
	}
	s := r.s
	s.mu.Lock()
	list := []object{}
	for page, action := range actions {
		list = append(list, object{
			"page_name": strings.ReplaceAll(page, " ", "-"), "title": page, "summary": nil, "action": action, "sha": sha,
			"html_url": s.baseURL + "/" + r.fullName() + "/wiki/" + url.PathEscape(strings.ReplaceAll(page, " ", "-")),
		})
	}
	var d *Delivery
	if len(list) > 0 {
		d = s.inRepositoryDelivery("gollum", r, by, object{"pages": list}, nil)
	}
	s.mu.Unlock()
	return s.send(ctx, d), nil
}

// RewriteWiki replaces the wiki's whole history by one commit, as a person does who pushes over it. GitHub tells nobody.
func (r *Repository) RewriteWiki(pages map[string]string, by *Account) error {
	wiki, err := r.openWiki()
	if err != nil {
		return err
	}
	change := Change{Author: by, Parents: []string{}, Files: map[string]string{}, Message: "A new beginning"}
	for page, text := range pages {
		change.Files[strings.ReplaceAll(page, " ", "-")+".md"] = text
	}
	sha, err := wiki.Commit(change)
	if err != nil {
		return err
	}
	return wiki.SetRef("refs/heads/"+wiki.defaultBranch, sha)
}

// openWiki returns the wiki's git repository, which is made at the first call.
func (r *Repository) openWiki() (*Repository, error) {
	s := r.s
	s.mu.Lock()
	wiki := r.wiki
	s.mu.Unlock()
	if wiki != nil {
		return wiki, nil
	}
	wiki = &Repository{
		s: s, id: r.id, owner: r.Owner(), name: r.Name() + ".wiki", defaultBranch: "master", commits: map[string]bool{},
		dir: filepath.Join(s.dir, itoa(r.id)+".wiki.git"),
	}
	if _, err := s.git("", nil, "init", "--quiet", "--bare", "--template=", "--initial-branch=master", wiki.dir); err != nil {
		return nil, fmt.Errorf("make the wiki of %s: %w", r.FullName(), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.wiki = wiki
	return wiki, nil
}
