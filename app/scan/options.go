package scan

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"
)

// checkPaths refuses what cannot be scanned, before anything is.
func checkPaths(o Options) error {
	if slices.Contains(o.Paths, "-") {
		switch {
		case len(o.Paths) > 1:
			return errors.New("- stands for standard input and cannot be mixed with paths")
		case o.History || o.Staged || o.Range != "":
			return errors.New("- stands for standard input, and no repository can be read from there: name its directory")
		}
		return nil
	}
	absent := 0
	for _, name := range o.Paths {
		_, err := os.Stat(name)
		if err == nil {
			continue
		}
		if remoteAddress().MatchString(name) {
			return fmt.Errorf("%s is not on this machine: clone it first (git clone --mirror URL DIR), then rekey scan --history DIR", withoutUser(name))
		}
		if absent++; absent == len(o.Paths) && !o.Staged { // a file that is staged need not be there any more
			return fmt.Errorf("%s: %s", name, reasonOf(err))
		}
	}
	return nil
}

// withoutUser takes a user and password out of an address.
func withoutUser(address string) string {
	return addressUser().ReplaceAllString(address, "://")
}

// Compiled at their first use: most paths are there.
var (
	addressUser = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`://[^/@]*@`) })
	// remoteAddress matches what git clone takes beside paths: https://…, ssh://…, git@host:path.
	remoteAddress = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9+.-]*://|[\w.-]+@[\w.-]+:)`)
	})
)
