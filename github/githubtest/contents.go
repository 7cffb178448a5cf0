package githubtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	gopath "path"
	"strconv"
	"strings"
)

// GitHub's limits of contents, in bytes.
const (
	maxInline   = 1 << 20   // beyond it JSON comes without the text
	maxContents = 100 << 20 // beyond it nothing comes
)

// entry is a tree's entry.
type entry struct {
	mode, kind, sha, path string
	size                  int64
}

// getContents is GET /repos/{owner}/{repo}/contents/{path}.
func getContents(c *call) answer {
	ref := cmp.Or(c.r.URL.Query().Get("ref"), c.repo.defaultBranch)
	commit, found := c.repo.resolve(ref)
	if !found {
		return fail(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	path := strings.Trim(c.path("path"), "/")
	if path == "" {
		return c.directory(commit, "", ref)
	}
	e, found := c.repo.entry(commit, path)
	if e.mode == "120000" {
		target, err := c.repo.fixed("cat-file", "blob", e.sha)
		if err != nil {
			return fail(http.StatusInternalServerError, err.Error())
		}
		// A link to a file of the repository is answered with that file.
		to, reached := c.repo.entry(commit, gopath.Join(gopath.Dir(path), target))
		if !reached || to.kind != "blob" || to.mode == "120000" {
			j := c.contentJSON(e, ref)
			j["target"] = target
			return ok(j)
		}
		e = to
	}
	switch {
	case !found:
		return notFound()
	case e.kind == "tree":
		return c.directory(commit, path, ref)
	case e.kind == "commit":
		return ok(c.contentJSON(e, ref))
	case e.size > maxContents:
		return fail(http.StatusForbidden, "This API returns blobs up to 100 MB in size.")
	}
	text, err := c.repo.fixed("cat-file", "blob", e.sha)
	if err != nil {
		return fail(http.StatusInternalServerError, err.Error())
	}
	if strings.Contains(c.r.Header.Get("Accept"), "raw") {
		return answer{status: 200, raw: []byte(text), kind: "application/vnd.github.raw+json; charset=utf-8"}
	}
	j := c.contentJSON(e, ref)
	j["content"], j["encoding"] = inline(text)
	return ok(j)
}

// inline is a text as JSON carries it: base64 in lines of 60, or nothing if it is too long.
func inline(text string) (content, encoding string) {
	if len(text) > maxInline {
		return "", "none"
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	var b strings.Builder
	for len(encoded) > 0 {
		n := min(60, len(encoded))
		b.WriteString(encoded[:n] + "\n")
		encoded = encoded[n:]
	}
	return b.String(), "base64"
}

// directory lists a tree.
func (c *call) directory(commit, path, ref string) answer {
	list := []object{}
	for _, e := range c.repo.entries(commit + ":" + path) {
		e.path = strings.TrimPrefix(path+"/"+e.path, "/")
		list = append(list, c.contentJSON(e, ref))
	}
	if len(list) == 0 {
		return notFound()
	}
	return ok(list)
}

// entry finds what is at the path of a commit.
func (r *Repository) entry(commit, path string) (entry, bool) {
	for _, e := range r.entries(commit, "--", ":(literal)"+path) {
		if e.path == path {
			return e, true
		}
	}
	return entry{}, false
}

// entries lists what is in a tree, which a commit's id says, with or without a path.
func (r *Repository) entries(args ...string) []entry {
	out, err := r.fixed(append([]string{"ls-tree", "-z", "--long"}, args...)...)
	if err != nil {
		return nil
	}
	var list []entry
	for line := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		meta, path, _ := strings.Cut(line, "\t")
		f := strings.Fields(meta)
		if len(f) != 4 {
			continue
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			size = 0 // "-": trees and submodules
		}
		list = append(list, entry{mode: f[0], kind: f[1], sha: f[2], size: size, path: path})
	}
	return list
}

func (c *call) contentJSON(e entry, ref string) object {
	s, repo := c.s, c.repo.fullName()
	kind := map[string]string{"tree": "dir", "commit": "submodule"}[e.kind]
	if e.mode == "120000" {
		kind = "symlink"
	}
	kind = cmp.Or(kind, "file")
	escaped := (&url.URL{Path: e.path}).EscapedPath()
	self := fmt.Sprintf("%s/repos/%s/contents/%s?ref=%s", s.APIURL(), repo, escaped, url.QueryEscape(ref))
	git := fmt.Sprintf("%s/repos/%s/git/%ss/%s", s.APIURL(), repo, e.kind, e.sha)
	html := fmt.Sprintf("%s/%s/%s/%s/%s", s.baseURL, repo, e.kind, ref, escaped)
	var download any
	if e.kind == "blob" {
		download = fmt.Sprintf("%s/%s/raw/%s/%s", s.baseURL, repo, ref, escaped)
	}
	return object{
		"type": kind, "size": e.size, "name": e.path[strings.LastIndex(e.path, "/")+1:], "path": e.path, "sha": e.sha, "url": self,
		"git_url": git, "html_url": html, "download_url": download,
		"_links": object{"self": self, "git": git, "html": html},
	}
}
