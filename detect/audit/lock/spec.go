package lock

import (
	"path"
	"strings"

	"golang.org/x/mod/semver"
)

// kind is what a dependency's spec asks for: a package of the registry, by another name than the dependency's if target isn't
// empty, or something whose version isn't known, and why.
type kind struct{ target, why string }

// specOf returns the range that a spec asks for, and what kind of dependency it is.
func (x *Index) specOf(m *manifest, name, spec string) (string, kind) {
	spec = strings.TrimSpace(spec)
	if catalog, ok := strings.CutPrefix(spec, "catalog:"); ok {
		spec = strings.TrimSpace(x.catalog(m.dir, catalog, name))
	}
	switch protocol, rest, ok := strings.Cut(spec, ":"); {
	case !ok && strings.Contains(spec, "/") && !strings.HasPrefix(spec, "@"):
		return "", kind{why: "from GitHub"}
	case !ok:
		return spec, kind{}
	case protocol == "npm":
		return strings.TrimPrefix(strings.TrimPrefix(rest, aliased(spec)), "@"), kind{target: aliased(spec)}
	case protocol == "workspace":
		return "", kind{why: "a package of this repository"}
	case protocol == "file" || protocol == "link" || protocol == "portal":
		return "", kind{why: "from a directory"}
	case protocol == "patch":
		return "", kind{why: "patched"}
	default:
		return "", kind{why: "from an address"}
	}
}

// exactly returns the version that a range of npm's leaves no choice about.
func exactly(spec string) (string, bool) {
	v := strings.TrimSpace(spec)
	v = strings.TrimSpace(strings.TrimPrefix(v, "="))
	v = strings.TrimPrefix(v, "v")
	return v, isVersion(v)
}

// isVersion reports whether v is a complete version, as registries want them.
func isVersion(v string) bool {
	core, _, _ := strings.Cut(v, "+")
	core, _, _ = strings.Cut(core, "-")
	return strings.Count(core, ".") == 2 && semver.IsValid("v"+v)
}

// contradicts reports whether a version can't be what a spec asked for: for lockfiles that don't keep the spec. It knows exact
// versions, ^ and ~.
func contradicts(spec, version string) bool {
	if exact, ok := exactly(spec); ok {
		return exact != version
	}
	spec = strings.TrimSpace(spec)
	if spec == "" || !isVersion(spec[1:]) || !isVersion(version) {
		return false
	}
	low, v := "v"+spec[1:], "v"+version
	switch spec[0] {
	case '^':
		same := semver.Major(low) == semver.Major(v)
		if semver.Major(low) == "v0" {
			same = semver.MajorMinor(low) == semver.MajorMinor(v)
		}
		return !same || semver.Compare(v, low) < 0
	case '~':
		return semver.MajorMinor(low) != semver.MajorMinor(v) || semver.Compare(v, low) < 0
	}
	return false
}

// matches reports whether a directory is one of a workspace's, whose patterns are as in package.json: *, ** and ! are understood.
func matches(patterns []string, dir string) bool {
	in := false
	for _, p := range patterns {
		p, not := strings.CutPrefix(p, "!")
		p = strings.TrimSuffix(strings.TrimPrefix(p, "./"), "/")
		if glob(strings.Split(p, "/"), strings.Split(dir, "/")) {
			in = !not
		}
	}
	return in
}

// glob matches name by name. It goes back to the last ** only, so its work is the product of the lengths.
func glob(pattern, dir []string) bool {
	stars, from := -1, 0
	p, d := 0, 0
	for d < len(dir) || p < len(pattern) {
		if p < len(pattern) && pattern[p] == "**" {
			stars, from = p, d
			p++
			continue
		}
		if p < len(pattern) && d < len(dir) {
			if ok, err := path.Match(pattern[p], dir[d]); err == nil && ok {
				p, d = p+1, d+1
				continue
			}
		}
		if stars < 0 || from >= len(dir) {
			return false
		}
		from++
		p, d = stars+1, from
	}
	return true
}
