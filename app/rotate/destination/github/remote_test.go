package github_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
)

func TestRemotes(t *testing.T) {
	t.Parallel()
	remote := func(name, url string) string { return fmt.Sprintf("[remote %q]\n\turl = %s\n", name, url) }
	for name, c := range map[string]struct{ config, personal, want string }{
		"https":              {remote("origin", "https://github.com/acme/shop.git"), "", "github.com/acme/shop"},
		"https, bare":        {remote("origin", "https://x-access-token:secret@GitHub.com/acme/shop/"), "", "github.com/acme/shop"},
		"ssh":                {remote("origin", "git@github.com:acme/shop.git"), "", "github.com/acme/shop"},
		"ssh, address":       {remote("origin", "ssh://git@git.acme.com:2222/acme/shop.js.git"), "", "git.acme.com/acme/shop.js"},
		"ssh over https":     {remote("origin", "ssh://git@ssh.github.com:443/acme/shop.git"), "", "github.com/acme/shop"},
		"ssh, certificate":   {remote("origin", "org-4711@github.com:acme/shop"), "", "github.com/acme/shop"},
		"ssh, alias":         {remote("origin", "git@github.com-work:acme/shop.git"), "", "github.com/acme/shop"},
		"ssh, unknown alias": {remote("origin", "work:acme/shop.git"), "", ""},
		"port":               {remote("origin", "https://git.acme.com:8443/acme/shop"), "", "git.acme.com:8443/acme/shop"},
		"several":            {remote("b", "git@github.com:b/b") + remote("a", "git@github.com:a/a") + remote("upstream", "git@github.com:u/u") + remote("origin", "git@github.com:o/o"), "", "github.com/o/o github.com/u/u github.com/a/a github.com/b/b"},
		"chosen":             {remote("origin", "git@github.com:o/o") + remote("up.stream", "git@github.com:u/u") + "\tgh-resolved = base\n", "", "github.com/u/u github.com/o/o"},
		"the same twice":     {remote("origin", "git@github.com:o/o") + remote("https", "https://github.com/o/o"), "", "github.com/o/o"},
		"others":             {remote("origin", "git@gitlab.com:o/o") + remote("own", "https://gitlab.acme.com/o/o") + remote("azure", "git@ssh.dev.azure.com:v3/o") + remote("disk", "/srv/git/o/o") + remote("up", "../o/o.git") + remote("file", "file:///o/o") + remote("deep", "https://git.acme.com/a/b/c"), "", ""},
		"instead":            {remote("origin", "gh:acme/shop"), "[url \"git@github.com:\"]\n\tinsteadOf = gh:\n[url \"https://eve.example/\"]\n\tinsteadOf = g\n", "github.com/acme/shop"},
		"none":               {"[core]\n\tbare = false\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, home := t.TempDir(), t.TempDir()
			for path, text := range map[string]string{
				filepath.Join(dir, ".git", "config"): c.config, filepath.Join(dir, ".git", "HEAD"): "ref: refs/heads/main\n",
				filepath.Join(dir, ".git", "objects", "x"): "", filepath.Join(dir, ".git", "refs", "x"): "", filepath.Join(home, ".gitconfig"): c.personal,
			} {
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := github.Remotes(&destination.Machine{Home: home}, dir)
			var got []string
			for _, r := range all {
				got = append(got, r.Host+"/"+r.String())
			}
			if strings.Join(got, " ") != c.want || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	if _, err := github.Remotes(&destination.Machine{}, t.TempDir()); err == nil {
		t.Error("a directory that is no clone has remotes")
	}
}
