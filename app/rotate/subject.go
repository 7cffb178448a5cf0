package rotate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/guide"
)

// Subject is the credential that is rotated, without the credential. It is kept in state files.
type Subject struct {
	Kind        detect.Kind        `json:"kind"`
	Environment detect.Environment `json:"environment,omitempty"`
	Fingerprint string             `json:"fingerprint,omitempty"` // "" where the credential itself is not known
	Redacted    string             `json:"redacted,omitempty"`    // public prefix and last four characters
	Variable    string             `json:"variable,omitempty"`    // name that it is assigned to
	Host        string             `json:"host,omitempty"`        // Frontend API host of a publishable key beside it: probably its instance's
	Dashboard   string             `json:"dashboard,omitempty"`   // the page of its keys, where a file names it
	Issue       string             `json:"issue,omitempty"`       // address of its issue on GitHub
	Places      []guide.Location   `json:"places,omitempty"`      // where it stands in files that git tracks
	Superseded  []made             `json:"superseded,omitempty"`  // what earlier runs made to take its place, and this one replaces too
}

// Name says what it is, for people: "production secret key sk_live_…a1b2".
func (s Subject) Name() string {
	name := respond.Describe(s.Kind, s.Environment)
	if s.Redacted != "" {
		name += " " + s.Redacted
	}
	return name
}

// candidate is a credential that was found in the clone, with what was found of it.
type candidate struct {
	Subject

	secret detect.Secret
	sure   bool
}

// sighting is one place of a credential.
type sighting struct {
	detect.Finding

	path    string
	tracked bool
}

// candidates are the credentials of a clone that can be rotated: what is sure first, then production, then in the order of their fingerprints.
func candidates(found []sighting) []candidate {
	var out []candidate
	for _, f := range found {
		if _, can := recipeFor(f.Kind); !can || f.Allowed && f.Environment != detect.Live {
			continue
		}
		mark := f.Secret.Fingerprint()
		i := slices.IndexFunc(out, func(c candidate) bool { return c.Fingerprint == mark })
		if i < 0 {
			i = len(out)
			out = append(out, candidate{Subject: Subject{
				Kind: f.Kind, Environment: f.Environment, Fingerprint: mark, Redacted: f.Secret.Redacted(),
			}, secret: f.Secret})
		}
		c := &out[i]
		c.Variable, c.Host, c.Dashboard = cmp.Or(c.Variable, f.Variable), cmp.Or(c.Host, f.Instance), cmp.Or(c.Dashboard, f.Dashboard)
		c.sure = c.sure || f.Confidence == detect.HighConfidence
		if at := (guide.Location{Path: f.path, Line: f.Place.Line, Member: f.Member}); f.tracked && !slices.Contains(c.Places, at) {
			c.Places = append(c.Places, at)
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(rank(b.sure)-rank(a.sure), rank(b.Environment == detect.Live)-rank(a.Environment == detect.Live), cmp.Compare(a.Fingerprint, b.Fingerprint))
	})
	return out
}

func rank(is bool) int {
	if is {
		return 1
	}
	return 0
}

var fingerprint = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{6,32}$`) })

// byFingerprint chooses the candidate whose fingerprint begins with what was given, and says why none is.
func byFingerprint(all []candidate, given string) (candidate, error) {
	var fit []candidate
	for _, c := range all {
		if len(given) <= len(c.Fingerprint) && c.Fingerprint[:len(given)] == given {
			fit = append(fit, c)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return candidate{}, fmt.Errorf("no file of this clone holds a credential with the fingerprint %s", given)
	}
	return candidate{}, fmt.Errorf("%d credentials in this clone have a fingerprint that begins with %s: give more of it", len(fit), given)
}

// judge compares what stands in a place with the subject. The values that it is given are not kept.
func (s Subject) judge(value string) destination.Holding {
	if value == "" {
		return destination.Nothing
	}
	mark := detect.NewSecret(value).Fingerprint()
	if mark == s.Fingerprint || slices.ContainsFunc(s.Superseded, func(m made) bool { return m.Fingerprint == mark }) {
		return destination.Compromised
	}
	if shape := shapeOf(value); shape.kind == s.Kind && shape.environment == s.Environment {
		return destination.Same
	}
	return destination.Other
}
