package audit

import (
	"path"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// keylessTracked finds what Clerk's keyless mode writes for the developer's machine alone.
func keylessTracked() Check {
	return Check{
		ID: "C20", Title: "Keys of keyless mode are committed", Severity: detect.HighSeverity, Tier: Default,
		Frameworks: []string{"Next.js", "Astro", "Nuxt", "React Router", "TanStack Start"},
		Fix: "Run git rm -r --cached .clerk, ignore /.clerk/ in .gitignore, and claim the application or delete it in Clerk: whoever has the repository " +
			"has its secret key.",
		Link: "https://github.com/clerk/javascript/blob/main/packages/shared/src/keyless/nodeFileStorage.ts",
		Why: "In keyless mode the SDK writes a secret key and a link that claims the application to `.clerk/.tmp/keyless.json`. Clerk's own note beside it says not to " +
			"commit it. `clerk init` keeps the token for the claim in `.clerk/keyless.json`. The directory is added to `.gitignore`, but git goes on with files that it already tracks.",
		Before: []Example{{".clerk/.tmp/keyless.json", "{}\n"}, {".gitignore", "node_modules\n"}},
		After:  []Example{{".gitignore", "node_modules\n/.clerk/\n"}},
		wants:  func(name string) bool { return isKeyless(name) || path.Base(name) == ".gitignore" },
		find:   findKeyless,
	}
}

// isKeyless reports whether keyless mode writes a file of that name, but for the note beside it.
func isKeyless(name string) bool {
	dir, base := path.Split("/" + name)
	return strings.HasSuffix(dir, "/.clerk/.tmp/") && base != "README.md" || strings.HasSuffix("/"+name, "/"+claimFile)
}

// claimFile is where Clerk's CLI keeps the token that claims an application.
const claimFile = ".clerk/keyless.json"

func findKeyless(p *project) []Finding {
	var found []Finding
	for _, name := range p.paths {
		if isKeyless(name) && isOurs(name) && p.focused(name) {
			root, _, _ := strings.Cut("/"+name, "/.clerk/")
			f := Finding{Path: name, Seen: "git tracks this file, in which keyless mode keeps a secret key", Edit: ignoreClerk(p, strings.TrimPrefix(root, "/"))}
			if strings.HasSuffix(name, claimFile) {
				f.Seen = "git tracks this file, in which clerk init keeps the token that claims the application"
			}
			found = append(found, f)
		}
	}
	return found
}

// ignoreClerk returns the change that ignores .clerk in a directory, or nil where it is ignored or .gitignore isn't known.
func ignoreClerk(p *project, root string) *Edit {
	name := path.Join(root, ".gitignore")
	text, ok := p.read(name)
	switch {
	case !ok:
		return nil
	case ignoresClerk(string(text)):
		return nil
	}
	line := "/.clerk/\n"
	if n := len(text); n > 0 && text[n-1] != '\n' {
		line = "\n" + line
	}
	return &Edit{Path: name, Replacements: []Replacement{{Start: len(text), End: len(text), Text: line}}}
}

// ignoresClerk reports whether a .gitignore has a line for .clerk.
func ignoresClerk(text string) bool {
	for line := range strings.Lines(text) {
		if strings.Trim(strings.TrimSpace(line), "/*") == ".clerk" {
			return true
		}
	}
	return false
}
