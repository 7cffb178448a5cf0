package githubtest

import (
	"net/http"
	"strconv"
	"time"
)

// quota is a primary rate limit of one installation.
type quota struct {
	used  int
	reset time.Time
}

const (
	nobody      = -1 // pays for requests without a token
	nobodyLimit = 60 // of them an hour
)

// spend counts a request against a quota, notes its state in the headers, and refuses when it is used up. The caller holds the lock.
func (s *Server) spend(h http.Header, installation int64) (answer, bool) {
	q, limit := s.quota(installation), s.opt.HourlyLimit
	if installation == nobody {
		limit = min(limit, nobodyLimit)
	}
	over := q.used >= limit
	if !over {
		q.used++
	}
	q.show(h, limit, "core")
	if !over {
		return answer{}, true
	}
	a := fail(http.StatusForbidden, "API rate limit exceeded for installation ID "+itoa(installation)+".")
	a.documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	return a, false
}

// quota returns the installation's, renewed when its hour is over.
func (s *Server) quota(installation int64) *quota {
	return renewed(s.quotas, installation, s.opt.Now())
}

// renewed returns the quota of that number, a full one when its hour is over.
func renewed(quotas map[int64]*quota, of int64, now time.Time) *quota {
	q := quotas[of]
	if q == nil || !now.Before(q.reset) {
		q = &quota{reset: now.Add(time.Hour).Truncate(time.Second)}
		quotas[of] = q
	}
	return q
}

// show writes the quota's state into an answer's header.
func (q *quota) show(h http.Header, limit int, resource string) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Used", strconv.Itoa(q.used))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(limit-q.used))
	h.Set("X-RateLimit-Reset", itoa(q.reset.Unix()))
	h.Set("X-RateLimit-Resource", resource)
}

// Left is how many requests the installation has left in this hour.
func (in *Installation) Left() int {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	return in.s.opt.HourlyLimit - in.s.quota(in.id).used
}
