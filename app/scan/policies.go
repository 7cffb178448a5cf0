package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

// allowance is what the policy of one repository allows: the allow section of its .github/rekey.yml, as it is in the
// working tree.
type allowance struct {
	top   string // absolute
	allow *policy.Allowance
}

// readPolicies reads the policy of the current directory and of each that is scanned. One that cannot be read allows
// nothing, and is named.
func (c *collector) readPolicies(o Options) {
	seen := map[string]bool{}
	for _, root := range append([]string{"."}, o.Paths...) {
		dir, _ := rootOf(root, o)
		if dir == "" {
			continue
		}
		top, err := filepath.Abs(topOf(dir))
		if err != nil || seen[top] {
			continue
		}
		seen[top] = true
		text, err := readInside(top, respond.PolicyPath, policy.MaxSize)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var file policy.File
		if err == nil {
			file, err = policy.Parse(text)
		}
		if err != nil {
			reason := reasonOf(err)
			var mistake *policy.Error
			if errors.As(err, &mistake) && mistake.Line > 0 {
				reason = fmt.Sprintf("line %d: %s", mistake.Line, mistake.Message)
			}
			c.problem(Problem{Path: fromHere(filepath.Join(top, respond.PolicyPath)), Reason: reason + "; until it is fixed, it is ignored"})
			continue
		}
		// Who may scan here may allow here, as in .rekeyignore: whether a maintainer wrote it is for the App to ask.
		for i := range file.Allow.Fingerprints {
			file.Allow.Fingerprints[i].Production = true
		}
		c.policies = append(c.policies, allowance{top, policy.AllowedAt(file.Allow, o.Now())})
	}
}

// fromHere is an absolute path as seen from the current directory where it is below that, with slashes.
func fromHere(path string) string {
	if here, err := filepath.Abs("."); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
	}
	return filepath.ToSlash(path)
}

// allowedBy reports whether a policy allows a hit: a fingerprint wherever it is, a path below the policy's own repository.
// It is not for concurrent use.
func allowedBy(policies []allowance, h Hit) bool {
	for _, p := range policies {
		if _, ok := p.allow.Fingerprint(h.fingerprint(), h.Environment); ok {
			return true
		}
		file := h.File
		if h.Commit == "" && h.Blob == "" { // else it is relative to the top already
			abs, err := filepath.Abs(filepath.FromSlash(joined(h.Root, h.File)))
			if err != nil {
				continue
			}
			rel, err := filepath.Rel(p.top, abs)
			if err != nil || !filepath.IsLocal(rel) {
				continue
			}
			file = filepath.ToSlash(rel)
		}
		if _, ok := p.allow.Path(h.Environment, path.Clean(file)); ok {
			return true
		}
	}
	return false
}
