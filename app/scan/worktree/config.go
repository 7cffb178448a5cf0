package worktree

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// config is what of git's settings changes how files are read.
type config struct {
	hashSize     int // bytes of an object id
	reftable     bool
	ignoreCase   bool
	excludesFile string // "" where not set
}

// readConfig reads a repository's own config.
func readConfig(common string) (config, error) {
	c := config{hashSize: 20}
	b, err := gitdir.Read(filepath.Join(common, "config"), gitdir.MaxSmall)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	for _, s := range gitdir.Settings(string(b)) {
		switch s.Name {
		case "extensions.objectformat":
			switch strings.ToLower(s.Value) {
			case "sha1":
			case "sha256":
				c.hashSize = 32
			default:
				return c, fmt.Errorf("%s: unknown object format %q", common, s.Value)
			}
		case "extensions.refstorage":
			c.reftable = strings.EqualFold(s.Value, "reftable")
		}
	}
	return c, nil
}

// mostIncludes is how deep files of settings may include one another.
const mostIncludes = 10

// user reads what the user and the machine say about ignored files; the repository's own settings count for more.
func (c *config) user(common string, getenv func(string) string) {
	home, xdg := getenv("HOME"), getenv("XDG_CONFIG_HOME")
	if xdg == "" && home != "" {
		xdg = filepath.Join(home, ".config")
	}
	if xdg != "" {
		c.excludesFile = filepath.Join(xdg, "git", "ignore")
	}
	files := []string{"/etc/gitconfig"}
	if name := getenv("GIT_CONFIG_SYSTEM"); name != "" {
		files[0] = name
	}
	if (gitdir.Setting{Value: getenv("GIT_CONFIG_NOSYSTEM")}).IsTrue() {
		files = nil
	}
	if name := getenv("GIT_CONFIG_GLOBAL"); name != "" {
		files = append(files, name)
	} else {
		if xdg != "" {
			files = append(files, filepath.Join(xdg, "git", "config"))
		}
		if home != "" {
			files = append(files, filepath.Join(home, ".gitconfig"))
		}
	}
	for _, name := range append(files, filepath.Join(common, "config")) {
		c.include(name, home, 0)
	}
}

func (c *config) include(name, home string, depth int) {
	b, err := gitdir.Read(name, gitdir.MaxSmall)
	if err != nil || depth > mostIncludes {
		return
	}
	for _, s := range gitdir.Settings(string(b)) {
		switch s.Name {
		case "core.ignorecase":
			c.ignoreCase = s.IsTrue()
		case "core.excludesfile":
			c.excludesFile = expanded(s.Value, home)
		case "include.path":
			c.include(gitdir.Under(filepath.Dir(name), expanded(s.Value, home)), home, depth+1)
		}
	}
}

// expanded replaces a ~ at the start of a path.
func expanded(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	return path
}
