package audit

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/lock"
)

// keylessSince are the versions of SDKs that have keyless mode.
var keylessSince = map[string]lock.Range{
	"@clerk/nextjs": {From: "6.8.0", Below: newest}, "@clerk/astro": {From: "3.0.0", Below: newest}, "@clerk/nuxt": {From: "2.2.0", Below: newest},
	"@clerk/react-router": {From: "3.0.0", Below: newest}, "@clerk/tanstack-react-start": {From: "1.0.0", Below: newest},
}

const newest = "9999.0.0" // above every version

// keylessIgnored finds repositories that don't ignore what keyless mode writes, before it is committed.
func keylessIgnored() Check {
	app := installed("@clerk/nextjs 7.5.0")
	return Check{
		ID: "C35", Title: "What keyless mode writes isn't ignored", Severity: detect.LowSeverity, Tier: All,
		Frameworks: []string{"Next.js", "Astro", "Nuxt", "React Router", "TanStack Start"},
		Fix:        "Add /.clerk/ to .gitignore.",
		Link:       "https://github.com/clerk/javascript/blob/main/packages/shared/src/keyless/nodeFileStorage.ts",
		Why: "Where an app starts in development without keys, this version of the SDK makes some and keeps them in `.clerk/`. It adds the directory to `.gitignore` in the directory " +
			"it is started from, the first time; until then, and in other directories, `git add .` takes the keys along.",
		Before: append(slices.Clone(app), Example{".gitignore", "node_modules\n"}),
		After:  append(slices.Clone(app), Example{".gitignore", "node_modules\n/.clerk/\n"}),
		wants:  func(name string) bool { return path.Base(name) == ".gitignore" || path.Base(name) == "package.json" },
		find:   findKeylessIgnored,
	}
}

func findKeylessIgnored(p *project) []Finding {
	x := p.versions()
	if x == nil {
		return nil
	}
	var found []Finding
	for _, v := range x.All() {
		since, ok := keylessSince[v.Package]
		if !ok || !isOurs(v.Manifest) || !in(v.Number, []lock.Range{since}) {
			continue
		}
		if edit, missing := unignored(p, parent(v.Manifest)); missing {
			text, _ := p.read(v.Manifest)
			found = append(found, Finding{Path: v.Manifest, Range: rangeOf(text, v.Start, v.End), Seen: "keyless mode of " + v.Package + " " + v.Number + " writes to .clerk, which git doesn't ignore", Edit: edit})
		}
	}
	return found
}

// unignored reports whether no .gitignore at or above a directory has .clerk, with the change that ignores it in the nearest one. It
// isn't known where one of them isn't.
func unignored(p *project, dir string) (edit *Edit, missing bool) {
	for at := dir; ; at = parent(at) {
		name := path.Join(at, ".gitignore")
		if p.exists[name] {
			text, ok := p.read(name)
			if !ok || ignoresClerk(string(text)) || hidesDots(string(text)) {
				return nil, false
			}
			if edit == nil && at == dir {
				edit = ignoreClerk(p, at)
			}
		}
		if at == "" {
			return edit, true
		}
	}
}

// hidesDots reports whether a .gitignore ignores all names that begin with a dot.
func hidesDots(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == ".*" || line == ".*/" || line == "*" {
			return true
		}
	}
	return false
}
