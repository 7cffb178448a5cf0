package githubtest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Release is a release to publish.
type Release struct {
	Tag    string
	Name   string
	Body   string
	Assets []Asset
}

// Asset is a file of a release.
type Asset struct {
	Name    string
	Type    string // "": application/octet-stream
	Content []byte
	State   string // "": uploaded; starter while it is being uploaded
}

type release struct {
	id                 int64
	tag, name, body    string
	author             *Account
	created, published time.Time
	assets             []*asset
}

type asset struct {
	Asset
	id       int64
	uploader *Account
	at       time.Time
}

// PublishRelease publishes a release as a person does, and sends release.created, published and released.
func (r *Repository) PublishRelease(ctx context.Context, opt Release, by *Account) (id int64, sent []Delivery) {
	s := r.s
	s.mu.Lock()
	now := s.opt.Now()
	v := &release{id: s.id(), tag: opt.Tag, name: opt.Name, body: opt.Body, author: by, created: now, published: now}
	for _, a := range opt.Assets {
		v.assets = append(v.assets, s.newAsset(a, by))
	}
	r.releases = append(r.releases, v)
	var list []*Delivery
	for _, action := range []string{"created", "published", "released"} {
		list = append(list, s.releaseDelivery(r, v, action, by, nil))
	}
	s.mu.Unlock()
	return v.id, s.sendAll(ctx, list)
}

func (s *Server) newAsset(a Asset, by *Account) *asset {
	a.Type, a.State = cmp.Or(a.Type, "application/octet-stream"), cmp.Or(a.State, "uploaded")
	return &asset{Asset: a, id: s.id(), uploader: by, at: s.opt.Now()}
}

// AddAsset adds a file to a release, in place of one of the same name, which GitHub tells nobody.
func (r *Repository) AddAsset(release int64, a Asset, by *Account) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	v := r.release(release)
	if v == nil {
		return errors.New("there is no release " + itoa(release))
	}
	v.assets = slices.DeleteFunc(v.assets, func(other *asset) bool { return other.Name == a.Name })
	v.assets = append(v.assets, r.s.newAsset(a, by))
	return nil
}

func (r *Repository) release(id int64) *release {
	if at := slices.IndexFunc(r.releases, func(v *release) bool { return v.id == id }); at >= 0 {
		return r.releases[at]
	}
	return nil
}

// EditRelease edits a release's name (the title) or text as a person does, and sends release.edited. GitHub keeps no history of it.
func (r *Repository) EditRelease(ctx context.Context, id int64, to Edited, by *Account) (Delivery, error) {
	return r.onRelease(ctx, id, func(v *release) *Delivery {
		name, body := v.name, v.body
		set(&v.name, to.Title)
		set(&v.body, to.Body)
		changes := changed(name, v.name, body, v.body)
		if title, found := changes["title"]; found {
			changes["name"] = title
			delete(changes, "title")
		}
		return r.s.releaseDelivery(r, v, "edited", by, object{"changes": changes})
	})
}

// DeleteRelease deletes a release with its assets as a person does, and sends release.deleted.
func (r *Repository) DeleteRelease(ctx context.Context, id int64, by *Account) (Delivery, error) {
	return r.onRelease(ctx, id, func(v *release) *Delivery {
		d := r.s.releaseDelivery(r, v, "deleted", by, nil)
		r.releases = slices.DeleteFunc(r.releases, func(other *release) bool { return other == v })
		return d
	})
}

func (r *Repository) onRelease(ctx context.Context, id int64, do func(*release) *Delivery) (Delivery, error) {
	r.s.mu.Lock()
	var d *Delivery
	v := r.release(id)
	if v != nil {
		d = do(v)
	}
	r.s.mu.Unlock()
	if v == nil {
		return Delivery{}, errors.New("there is no release " + itoa(id))
	}
	return r.s.send(ctx, d), nil
}

func (s *Server) releaseDelivery(r *Repository, v *release, action string, by *Account, more object) *Delivery {
	return s.inRepositoryDelivery("release", r, by, object{"action": action, "release": s.releaseJSON(r, v)}, more)
}

func (s *Server) releaseJSON(r *Repository, v *release) object {
	repo := s.APIURL() + "/repos/" + r.fullName()
	api := repo + "/releases/" + itoa(v.id)
	assets := []object{}
	for _, a := range v.assets {
		assets = append(assets, s.assetJSON(r, v, a))
	}
	tag := url.PathEscape(v.tag)
	return object{
		"url": api, "assets_url": api + "/assets", "upload_url": api + "/assets{?name,label}",
		"html_url": s.baseURL + "/" + r.fullName() + "/releases/tag/" + tag, "id": v.id, "node_id": nodeID("Release", v.id),
		"tag_name": v.tag, "target_commitish": r.defaultBranch, "name": orNull(v.name), "draft": false, "immutable": false, "prerelease": false,
		"author": s.accountJSON(v.author), "created_at": stamp(v.created), "updated_at": stamp(v.created), "published_at": stamp(v.published),
		"assets": assets, "tarball_url": repo + "/tarball/" + tag, "zipball_url": repo + "/zipball/" + tag, "body": orNull(v.body),
	}
}

func (s *Server) assetJSON(r *Repository, v *release, a *asset) object {
	sum := sha256.Sum256(a.Content)
	return object{
		"url": fmt.Sprintf("%s/repos/%s/releases/assets/%d", s.APIURL(), r.fullName(), a.id), "id": a.id, "node_id": nodeID("ReleaseAsset", a.id),
		"name": a.Name, "label": "", "uploader": s.accountJSON(a.uploader), "content_type": a.Type, "state": a.State, "size": len(a.Content),
		"digest": "sha256:" + hex.EncodeToString(sum[:]), "download_count": 0, "created_at": stamp(a.at), "updated_at": stamp(a.at),
		"browser_download_url": fmt.Sprintf("%s/%s/releases/download/%s/%s", s.baseURL, r.fullName(), url.PathEscape(v.tag), url.PathEscape(a.Name)),
	}
}

// listReleases is GET /repos/{owner}/{repo}/releases, newest first.
func listReleases(c *call) answer {
	all := slices.Clone(c.repo.releases)
	slices.Reverse(all)
	list := []object{}
	cut, link := page(c, all)
	for _, v := range cut {
		list = append(list, c.s.releaseJSON(c.repo, v))
	}
	return answer{status: http.StatusOK, body: list, link: link}
}

// getRelease is GET /repos/{owner}/{repo}/releases/{release_id}.
func getRelease(c *call) answer {
	v := c.repo.release(c.number("id"))
	if v == nil {
		return notFound()
	}
	return ok(c.s.releaseJSON(c.repo, v))
}

// getAsset is GET /repos/{owner}/{repo}/releases/assets/{asset_id}: its description, or where its bytes are.
func getAsset(c *call) answer {
	for _, v := range c.repo.releases {
		for _, a := range v.assets {
			switch {
			case a.id != c.number("id"):
			case strings.Contains(c.r.Header.Get("Accept"), "octet-stream"):
				return c.s.inStorage(a.Content, a.Type)
			default:
				return ok(c.s.assetJSON(c.repo, v, a))
			}
		}
	}
	return notFound()
}
