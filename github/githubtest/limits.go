package githubtest

import (
	"net/http"
	"strconv"
	"time"
)

// quota is the primary rate limit of one installation.
type quota struct {
	used  int
	reset time.Time
}

// spend counts a request against a quota, notes its state in the headers, and refuses when it is used up. -1 is nobody.
// The caller holds the lock.
func (s *Server) spend(h http.Header, installation int64) (answer, bool) {
	if installation < 0 {
		return answer{}, true
	}
	q := s.quota(installation)
	over := q.used >= s.opt.HourlyLimit
	if !over {
		q.used++
	}
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.opt.HourlyLimit))
	h.Set("X-RateLimit-Used", strconv.Itoa(q.used))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(s.opt.HourlyLimit-q.used))
	h.Set("X-RateLimit-Reset", itoa(q.reset.Unix()))
	h.Set("X-RateLimit-Resource", "core")
	if !over {
		return answer{}, true
	}
	a := fail(http.StatusForbidden, "API rate limit exceeded for installation ID "+itoa(installation)+".")
	a.documentation = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"
	return a, false
}

// quota returns the installation's, renewed when its hour is over.
func (s *Server) quota(installation int64) *quota {
	now := s.opt.Now()
	q := s.quotas[installation]
	if q == nil || !now.Before(q.reset) {
		q = &quota{reset: now.Add(time.Hour).Truncate(time.Second)}
		s.quotas[installation] = q
	}
	return q
}

// Left is how many requests the installation has left in this hour.
func (in *Installation) Left() int {
	in.s.mu.Lock()
	defer in.s.mu.Unlock()
	return in.s.opt.HourlyLimit - in.s.quota(in.id).used
}
