package backfill

import "strings"

// pulls is where GitHub keeps the heads of pull requests, those of forks among them: often more than all other refs.
const pulls = "refs/pull/"

// ownRefs are prefixes of all refs but those of pull requests: branches, tags, notes, and whatever else was pushed. A listing can
// only be asked for by what names begin with.
func ownRefs() []string {
	const names = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."
	var prefixes []string
	for at := len("refs/"); at < len(pulls); at++ {
		for _, c := range names + "/" {
			if byte(c) != pulls[at] && (at > len("refs/") || c != '/') {
				prefixes = append(prefixes, pulls[:at]+string(c))
			}
		}
	}
	return prefixes
}

// owns reports whether a ref is none of a pull request.
func owns(ref string) bool { return strings.HasPrefix(ref, "refs/") && !strings.HasPrefix(ref, pulls) }
