package policy

import (
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// Allowance answers what a policy allows at one moment. Patterns are compiled once, and each path is matched once. It is
// for one goroutine, and for use outside of transactions: a policy's patterns are foreign text, and matching them takes
// time.
type Allowance struct {
	fingerprints map[string]respond.AllowedFingerprint
	paths        []allowedGlob
	matched      map[string]string // path to reason; "" is none
	sealed       bool
}

type allowedGlob struct {
	glob   *glob
	reason string
}

// AllowedAt returns what a policy allows at a moment. Expired entries do not count.
func AllowedAt(a respond.AllowList, now time.Time) *Allowance {
	out := &Allowance{fingerprints: map[string]respond.AllowedFingerprint{}, matched: map[string]string{}}
	for _, f := range a.Fingerprints {
		if known, twice := out.fingerprints[f.Fingerprint]; current(f.Expires, now) && !(twice && known.Production) {
			out.fingerprints[f.Fingerprint] = f
		}
	}
	for _, p := range a.Paths {
		if g, ok := compileGlob(p.Path); ok && current(p.Expires, now) {
			out.paths = append(out.paths, allowedGlob{g, p.Reason})
		}
	}
	return out
}

// Fingerprint reports whether the policy allows a credential wherever it is, and why. A production key needs an entry
// that counts for production.
func (a *Allowance) Fingerprint(fingerprint string, env detect.Environment) (reason string, ok bool) {
	f, ok := a.fingerprints[fingerprint]
	if !ok || env == detect.Live && !f.Production {
		return "", false
	}
	return f.Reason, true
}

// Path reports whether the policy allows a credential of the environment at the path, and why. No path allows a
// production key.
func (a *Allowance) Path(env detect.Environment, path string) (reason string, ok bool) {
	if env == detect.Live || len(a.paths) == 0 {
		return "", false
	}
	reason, known := a.matched[path]
	if !known && !a.sealed {
		reason = a.match(path)
		a.matched[path] = reason
	}
	return reason, reason != ""
}

// Seal ends the matching: from now on a path that was not asked for before is not allowed. What is sealed may be asked within a
// transaction.
func (a *Allowance) Seal() *Allowance {
	a.sealed = true
	return a
}

func (a *Allowance) match(path string) (reason string) {
	for _, p := range a.paths {
		if ok, _ := p.glob.match(path); ok {
			return p.reason
		}
	}
	return ""
}

func current(expires, now time.Time) bool { return expires.IsZero() || now.Before(expires) }

// Match reports whether the path matches the pattern: * and ? within one element, ** for any number of whole elements. A
// pattern without a slash matches the last element anywhere, one that ends in a slash all that is below. Its cost grows
// with the length of the path, and with nothing else that the path holds.
func Match(pattern, file string) bool {
	g, ok := compileGlob(pattern)
	if !ok {
		return false
	}
	matches, _ := g.match(file)
	return matches
}
