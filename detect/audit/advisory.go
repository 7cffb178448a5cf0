package audit

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/js"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

// advisory is a mistake in Clerk's packages, or in Next.js, that a release fixed. It is reported where the files prove that its code is
// used: by the versions that a lockfile fixes, and by a call that makes it matter.
type advisory struct {
	id, title  string
	severity   detect.Severity
	tier       Tier
	exposes    bool // see [Check.Exposes]
	frameworks []string
	link, why  string
	fix        string // what to do besides upgrading, or empty

	// code is the package where the mistake was, and ranges are the versions that have it. Its version may be newer than that of the
	// package which brings it: they ask for each other by ranges.
	code   string
	ranges []lock.Range
	// entries are the packages by which a repository's code gets there, with the versions of them that bring the mistake.
	entries map[string][]lock.Range

	words []string // of which a file that uses it has all; see [project.scripts]
	// uses returns where a file uses it, with what stands there. nil: the package alone is enough.
	uses func(f *js.File) []use

	before, after []Example
}

// use is a place in a file where a mistake of a package matters.
type use struct {
	node  *js.Node
	entry string // the package that is called
	seen  string
}

// check returns the check that looks for it.
func (a *advisory) check() Check {
	return Check{
		ID: a.id, Title: a.title, Severity: a.severity, Tier: a.tier, Frameworks: a.frameworks, Exposes: a.exposes,
		Fix: a.generalFix(), Link: a.link, Why: a.why, Versions: a.versions(), Before: a.before, After: a.after,
		wants: func(name string) bool { return a.uses != nil && isScript(name) || path.Base(name) == "package.json" },
		find:  a.find,
	}
}

func (a *advisory) find(p *project) []Finding {
	if a.uses == nil {
		return a.inManifests(p)
	}
	var found []Finding
	p.scripts(a.words, func(f *js.File) {
		for _, u := range a.uses(f) {
			if installed, upgrade, ok := a.affects(p, f.Path, u.entry); ok {
				found = append(found, Finding{Path: f.Path, Range: placeOf(f, u.node), Seen: u.seen + ", and " + installed, Fix: upgrade + a.also()})
			}
		}
	})
	return found
}

// inManifests finds the mistake where a package.json asks for a package that has it.
func (a *advisory) inManifests(p *project) []Finding {
	x := p.versions()
	if x == nil {
		return nil
	}
	var found []Finding
	for _, v := range x.All() {
		if _, ok := a.entries[v.Package]; !ok || !isOurs(v.Manifest) {
			continue
		}
		if installed, upgrade, ok := a.affects(p, v.Manifest, v.Package); ok {
			text, _ := p.read(v.Manifest)
			found = append(found, Finding{Path: v.Manifest, Range: rangeOf(text, v.Start, v.End), Seen: installed, Fix: upgrade + a.also()})
		}
	}
	return found
}

// affects reports whether a package that a file uses brings the mistake, with what is installed and what to upgrade to. Each version that
// is known must have it, and that of the code must be known: what isn't proves nothing.
func (a *advisory) affects(p *project, name, entry string) (installed, upgrade string, ok bool) {
	ranges, ok := a.entries[entry]
	if !ok {
		return "", "", false
	}
	direct, ok := p.resolved(name, entry)
	if !ok || !in(direct.Number, ranges) || entry == a.code && !in(direct.Number, a.ranges) {
		return "", "", false
	}
	installed = fmt.Sprintf("%s has %s %s", direct.Source, entry, direct.Number)
	if entry != a.code {
		known := false
		for _, chain := range a.chains(entry) {
			code, ok := p.resolved(name, chain...)
			if !ok {
				continue
			}
			if !in(code.Number, a.ranges) {
				return "", "", false
			}
			if !known {
				installed += fmt.Sprintf(" with %s %s", a.code, code.Number)
			}
			known = true
		}
		if !known {
			return "", "", false
		}
	}
	return installed, fmt.Sprintf("Upgrade %s to %s or later", entry, fixedIn(direct.Number, ranges)), true
}

// chains are the ways from a package to the one where the mistake was.
func (a *advisory) chains(entry string) [][]string {
	chains := [][]string{{entry, a.code}}
	if backend := "@clerk/backend"; a.code == "@clerk/shared" && entry != backend {
		chains = append(chains, []string{entry, backend, a.code})
	}
	return chains
}

func in(version string, ranges []lock.Range) bool {
	affected, known := lock.Affected(version, ranges...)
	return affected && known
}

// fixedIn returns the first version above that has none of the mistake.
func fixedIn(version string, ranges []lock.Range) string {
	for _, r := range ranges {
		if in(version, []lock.Range{r}) {
			return r.Below
		}
	}
	return ""
}

// also is what there is to do besides upgrading.
func (a *advisory) also() string { return cmp.Or(a.fix, ".") }

// generalFix says for each package what to upgrade to.
func (a *advisory) generalFix() string {
	var all []string
	for entry, ranges := range a.entries {
		var fixed []string
		for _, r := range ranges {
			fixed = append(fixed, r.Below)
		}
		last := len(fixed) - 1
		if last > 0 {
			fixed = []string{strings.Join(fixed[:last], ", ") + " or " + fixed[last]}
		}
		all = append(all, entry+" to "+fixed[0])
	}
	slices.Sort(all)
	return "Upgrade " + strings.Join(all, "; ") + " or later" + a.also()
}

// versions are those of the packages by which a repository's code gets there.
func (a *advisory) versions() (list []Versions) {
	for _, entry := range slices.Sorted(maps.Keys(a.entries)) {
		for _, r := range a.entries[entry] {
			list = append(list, Versions{entry, r.From, r.Below})
		}
	}
	return list
}

// until is a range of all versions before one.
func until(version string) []lock.Range { return []lock.Range{{Below: version}} }

// installed are the files of a repository that has these versions installed: "@clerk/nextjs 7.2.0 @clerk/shared 4.8.0".
func installed(packages string, more ...Example) []Example {
	var asks, has []string
	words := strings.Fields(packages)
	for i := 0; i+1 < len(words); i += 2 {
		asks = append(asks, fmt.Sprintf("%q: %q", words[i], "^"+words[i+1]))
		has = append(has, fmt.Sprintf("    %q: { \"version\": %q }", "node_modules/"+words[i], words[i+1]))
	}
	dependencies := "{ " + strings.Join(asks, ", ") + " }"
	return append([]Example{
		{"package.json", "{ \"dependencies\": " + dependencies + " }\n"},
		{"package-lock.json", "{\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"\": { \"dependencies\": " + dependencies + " },\n" + strings.Join(has, ",\n") + "\n  }\n}\n"},
	}, more...)
}
