package scan

import (
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// manifests name what a project depends on. A leading * stands for any name.
var manifests = [...]string{
	"package.json", "go.mod", "requirements.txt", "pyproject.toml", "Pipfile", "Gemfile", "composer.json", "pom.xml", "build.gradle",
	"build.gradle.kts", "Cargo.toml", "mix.exs", "pubspec.yaml", "Directory.Packages.props", "*.csproj",
}

// largestManifest bounds how much of a manifest is read.
const largestManifest = 1 << 20

// judgeByRepository judges the hits again that are Clerk's only in a repository that uses Clerk. That is known by any other hit,
// or by a manifest in a hit's directory or above it, up to the directory that was given. Only such hits have manifests read.
func (c *collector) judgeByRepository() {
	shows := false
	for _, h := range c.hits {
		shows = shows || h.ShowsClerk()
	}
	seen := map[string]bool{} // directories, by whether a manifest mentions Clerk there or above
	for i := range c.hits {
		h := &c.hits[i]
		if h.AsksRepository() && (shows || h.Commit == "" && c.dependsOnClerk(h.Root, path.Dir(h.File), seen)) {
			h.Finding = h.InRepository()
		}
	}
}

// dependsOnClerk reports whether a manifest in dir of root, or above it, mentions Clerk.
func (c *collector) dependsOnClerk(root, dir string, seen map[string]bool) bool {
	full := filepath.FromSlash(joined(root, dir))
	known, ok := seen[full]
	if !ok {
		known = c.hasManifest(full) || root != "" && dir != "." && dir != "/" && c.dependsOnClerk(root, path.Dir(dir), seen)
		seen[full] = known
	}
	return known
}

// hasManifest reports whether a manifest in the directory mentions Clerk.
func (c *collector) hasManifest(dir string) bool {
	for _, name := range manifests {
		files := []string{filepath.Join(dir, name)}
		if suffix, isPattern := strings.CutPrefix(name, "*"); isPattern {
			files = withSuffix(dir, suffix)
		}
		for _, file := range files {
			if c.scanner.MentionsClerk(readRegular(file)) {
				return true
			}
		}
	}
	return false
}

func withSuffix(dir, suffix string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files
}

// readRegular returns the start of a regular file, nil of anything else: a manifest that cannot be read says nothing.
func readRegular(name string) []byte {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != fs.FileMode(0) {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, largestManifest))
	if err != nil {
		return nil
	}
	return text
}
