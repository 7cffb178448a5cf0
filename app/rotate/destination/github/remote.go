package github

import (
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

// Remotes returns the repositories on GitHub that the clone at dir has as remotes: the one that gh was told to work on, then origin, then upstream,
// then others by name. It runs nothing, and knows ssh and https addresses, and url.….insteadOf.
func Remotes(m *destination.Machine, dir string) ([]destination.Repository, error) {
	found, err := gitdir.Find(dir, false)
	if err != nil {
		return nil, err //nolint:wrapcheck // says it all
	}
	var settings []gitdir.Setting
	for _, name := range append(personal(m), filepath.Join(found.Common, "config")) {
		if text, err := gitdir.Read(name, gitdir.MaxSmall); err == nil {
			settings = append(settings, gitdir.Settings(string(text))...)
		}
	}
	addresses, chosen := map[string]string{}, ""
	for _, s := range settings {
		rest, is := strings.CutPrefix(s.Name, "remote.")
		at := strings.LastIndexByte(rest, '.')
		if !is || at < 0 {
			continue
		}
		switch remote := rest[:at]; rest[at+1:] {
		case "url":
			if addresses[remote] == "" { // the first counts for fetching
				addresses[remote] = s.Value
			}
		case "gh-resolved":
			chosen = remote
		}
	}
	names := []string{chosen, "origin", "upstream"}
	for name := range addresses {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[3:])
	var all []destination.Repository
	for _, name := range names {
		if r, ok := parseRemote(instead(settings, addresses[name])); ok && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all, nil
}

// personal are the person's own files of git's settings.
func personal(m *destination.Machine) []string {
	if name := m.Getenv("GIT_CONFIG_GLOBAL"); name != "" {
		return []string{name}
	}
	var files []string
	if config := m.Getenv("XDG_CONFIG_HOME"); config != "" {
		files = append(files, filepath.Join(config, "git", "config"))
	} else if m.Home != "" {
		files = append(files, filepath.Join(m.Home, ".config", "git", "config"))
	}
	if m.Home != "" {
		files = append(files, filepath.Join(m.Home, ".gitconfig"))
	}
	return files
}

// instead replaces the start of an address as url.….insteadOf says: the longest counts.
func instead(settings []gitdir.Setting, address string) string {
	longest, to := "", ""
	for _, s := range settings {
		with, is := strings.CutPrefix(s.Name, "url.")
		if with, of := strings.CutSuffix(with, ".insteadof"); is && of && len(s.Value) > len(longest) && strings.HasPrefix(address, s.Value) {
			longest, to = s.Value, with
		}
	}
	return to + address[len(longest):]
}

// isOther reports whether a host is not GitHub by its name, whatever the rest of an address looks like.
func isOther(host string) bool {
	return slices.Contains([]string{"codeberg.org", "dev.azure.com", "ssh.dev.azure.com", "git.sr.ht"}, host) ||
		slices.ContainsFunc([]string{"gitlab", "bitbucket", "gitea", "forgejo", "gerrit", "git-codecommit"}, func(forge string) bool { return strings.Contains(host, forge) })
}

// parseRemote reads a remote's address.
func parseRemote(address string) (destination.Repository, bool) {
	var host, path string
	if u, err := url.Parse(address); err == nil && u.Host != "" && strings.Contains(address, "://") {
		if !slices.Contains([]string{"https", "http", "ssh", "git", "git+ssh"}, u.Scheme) {
			return destination.Repository{}, false
		}
		host, path = u.Host, u.Path
		if u.Scheme != "https" && u.Scheme != "http" {
			host = u.Hostname() // ssh's port is not that of the API
		}
	} else if before, after, is := strings.Cut(address, ":"); is && !strings.Contains(before, "/") {
		host, path = before[strings.LastIndexByte(before, '@')+1:], after
	}
	host = strings.ToLower(host)
	if host == "ssh.github.com" || host == "www.github.com" || strings.HasPrefix(host, "github.com-") { // an alias of ssh's configuration
		host = publicHub
	}
	owner, name, _ := strings.Cut(strings.Trim(path, "/"), "/")
	name = strings.TrimSuffix(name, ".git")
	if !isRepository(owner, name) || isOther(host) || !strings.ContainsAny(host, ".:") {
		return destination.Repository{}, false
	}
	return destination.Repository{Host: host, Owner: owner, Name: name}, true
}
