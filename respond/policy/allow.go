package policy

import (
	"path"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Allows tells whether the policy allows a credential at a path, and for which reason. Expired entries do not count.
func (a Allow) Allows(fingerprint string, env detect.Environment, file string, now time.Time) (reason string, ok bool) {
	for _, f := range a.Fingerprints {
		if f.Fingerprint == fingerprint && current(f.Expires, now) {
			return f.Reason, true
		}
	}
	if env == detect.Live {
		return "", false
	}
	for _, p := range a.Paths {
		if current(p.Expires, now) && Match(p.Path, file) {
			return p.Reason, true
		}
	}
	return "", false
}

func current(expires, now time.Time) bool { return expires.IsZero() || now.Before(expires) }

// Match tells whether the path matches the pattern: * and ? and [a-z] within one element, ** for any number of whole
// elements. A pattern without a slash matches the last element anywhere, one that ends in a slash all that is below.
func Match(pattern, file string) bool {
	if file == "" {
		return false
	}
	pattern = strings.TrimPrefix(pattern, "/")
	if strings.HasSuffix(pattern, "/") {
		pattern += "**"
	}
	if !strings.Contains(pattern, "/") {
		pattern = "**/" + pattern
	}
	return match(strings.Split(pattern, "/"), strings.Split(file, "/"))
}

// match goes through both with one point of return, as only the last ** can need to take more: linear in practice,
// at worst the product of the lengths.
func match(pattern, file []string) bool {
	p, f := 0, 0
	star, mark := -1, 0
	for f < len(file) {
		if p < len(pattern) && pattern[p] == "**" {
			star, mark = p, f
			p++
			continue
		}
		if p < len(pattern) {
			if ok, err := path.Match(pattern[p], file[f]); err == nil && ok {
				p++
				f++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, f = star+1, mark
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}
