package github

import (
	"cmp"
	"slices"
	"time"
)

// Quota is GitHub's hourly count of an installation's REST requests, as its answers told.
type Quota struct {
	Installation int64 // 0: the App itself
	Limit, Left  int   // requests
}

// Quotas lists what is known of the installations' quotas, by installation; none where GitHub has reported none.
func (a *App) Quotas() []Quota {
	return a.pacers.quotas(a.now())
}

func (p *pacers) quotas(now time.Time) []Quota {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Quota
	for installation, pacer := range p.list {
		if q := pacer.quotaAt(now); q.limit > 0 {
			list = append(list, Quota{Installation: installation, Limit: q.limit, Left: q.left})
		}
	}
	slices.SortFunc(list, func(a, b Quota) int { return cmp.Compare(a.Installation, b.Installation) })
	return list
}

// quotaAt is the quota as it is now: full when its hour is over.
func (p *pacer) quotaAt(now time.Time) quota {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.quota
	if !q.reset.After(now) {
		q.left = q.limit
	}
	return q
}
