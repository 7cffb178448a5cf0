package sarif

import (
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// ArtifactOf is the address of a file that is named from dir, an absolute directory: relative to it where the file is below, else
// absolute. Code scanning wants addresses relative to the repository.
func ArtifactOf(dir, file string) Artifact {
	if filepath.IsAbs(file) || strings.HasPrefix(file, "../") {
		from, err := filepath.Rel(dir, absolute(dir, file))
		if err != nil || strings.HasPrefix(from, "..") {
			return Artifact{URI: (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute(dir, file))}).String()}
		}
		file = filepath.ToSlash(from)
	}
	return Artifact{URI: (&url.URL{Path: path.Clean(file)}).String(), BaseID: "%SRCROOT%"}
}

func absolute(dir, file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}
