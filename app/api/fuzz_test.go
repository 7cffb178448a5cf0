package api

import (
	"net/url"
	"testing"
)

// FuzzParameters reads parameters of all lists. What is wrong is said; what isn't, is within the bounds that the queries count on.
func FuzzParameters(f *testing.F) {
	f.Add("state=open&kind=secret_key&severity=critical&search=shop&limit=5&sort=opened&after=1")
	f.Add("state=open&state=closed&limit=-1")
	f.Add("opened_after=2026-13-01&in_default_branch=perhaps")
	f.Add("limit=9999999999999999999&repository=0&after=%00%ff")
	f.Fuzz(func(t *testing.T, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for name, read := range map[string]func(*params) (limit int, texts []string){
			"leaks": func(p *params) (int, []string) {
				q := leakQuery(p)
				return q.Limit, []string{q.Owner, q.Pusher, q.Search, q.After}
			},
			"repositories": func(p *params) (int, []string) {
				q := repositoryQuery(p)
				return q.Limit, []string{q.Owner, q.Search, q.After}
			},
			"activity": func(p *params) (int, []string) {
				q := activityQuery(p)
				return q.Limit, []string{q.By, q.After}
			},
		} {
			p := &params{values: values}
			limit, texts := read(p)
			if p.unread() != nil {
				continue
			}
			if limit < 0 || limit > maxLimit {
				t.Errorf("%s: %q gives %d rows", name, query, limit)
			}
			for _, text := range texts {
				if len(text) > maxText {
					t.Errorf("%s: a text of %d bytes is taken", name, len(text))
				}
			}
		}
	})
}
