package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"io"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// unprivileged is the user and group that rekey runs as. Kubernetes can hold "runAsNonRoot" against a number only.
const unprivileged = 65532

// Where the image has what it holds.
const (
	binaryPath       = "usr/local/bin/rekey"
	certificatesPath = "etc/ssl/certs/ca-certificates.crt" // where Go looks first on Linux
	dataPath         = "data"
)

// imageOf is the image of a static binary. Layers are ordered by how seldom they change.
func imageOf(binary []byte, platform v1.Platform, version string, made time.Time) (v1.Image, error) {
	image := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image = mutate.ConfigMediaType(image, types.OCIConfigJSON)
	for _, layer := range []struct {
		by    string
		files []file
	}{
		{"user, directories, root certificates", system()},
		{"rekey", []file{{name: binaryPath, mode: 0o755, content: binary}}},
	} {
		content, err := archive(layer.files, made)
		if err != nil {
			return nil, err
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
			tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{Layer: l, History: v1.History{Created: v1.Time{Time: made}, CreatedBy: layer.by}})
		if err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created, config.Config = platform.OS, platform.Architecture, v1.Time{Time: made}, settings(version)
	return mutate.ConfigFile(image, config)
}

// settings are how a container of the image runs. deploy/Dockerfile says the same.
func settings(version string) v1.Config {
	labels := map[string]string{ // https://github.com/opencontainers/image-spec/blob/main/annotations.md
		"org.opencontainers.image.title":       "rekey",
		"org.opencontainers.image.description": "Finds leaked Clerk keys in every push to GitHub, and stays with each leak until the key is revoked",
		"org.opencontainers.image.source":      "https://github.com/rekey-app/rekey",
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
	if version != "" {
		labels["org.opencontainers.image.version"] = version
	}
	return v1.Config{
		User:       "65532:65532",
		Entrypoint: []string{"/" + binaryPath},
		Cmd:        []string{"serve"},
		Env: []string{
			"PATH=/usr/local/bin",
			"REKEY_LISTEN=0.0.0.0:8080", "REKEY_DATA=/" + dataPath,
		},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Volumes:      map[string]struct{}{"/" + dataPath: {}},
		WorkingDir:   "/" + dataPath,
		// Not ready is no reason to restart: GitHub may be away. The process is asked whether it answers.
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", "/" + binaryPath, "status", "--live"}, Interval: 30 * time.Second, Timeout: 5 * time.Second,
			StartPeriod: 30 * time.Second, Retries: 3,
		},
		Labels: labels,
	}
}

// file is one file of a layer; one with a mode of a directory has no content.
type file struct {
	name    string
	mode    int64
	dir     bool
	owner   int
	content []byte
}

// system is what a program expects of a Linux system, as far as rekey does.
func system() []file {
	return []file{
		{name: "etc/passwd", mode: 0o644, content: []byte("root:x:0:0:root:/:/sbin/nologin\nrekey:x:65532:65532:rekey:/data:/sbin/nologin\n")},
		{name: "etc/group", mode: 0o644, content: []byte("root:x:0:\nrekey:x:65532:\n")},
		{name: certificatesPath, mode: 0o644, content: certificates()},
		{name: "tmp", mode: 0o1777, dir: true},
		{name: dataPath, mode: 0o700, dir: true, owner: unprivileged},
	}
}

// certificates are Mozilla's root certificates, as the Go project packs them. Those with a constraint that no bundle of PEM can express
// are left out.
func certificates() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes all
		}
	}
	return b.Bytes()
}

// archive is a tar archive of files and of the directories that they stand in.
func archive(files []file, made time.Time) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	seen := map[string]bool{}
	for _, f := range files {
		for i, c := range f.name {
			if parent := f.name[:i]; c == '/' && !seen[parent] {
				seen[parent] = true
				if err := add(w, file{name: parent, mode: 0o755, dir: true}, made); err != nil {
					return nil, err
				}
			}
		}
		if err := add(w, f, made); err != nil {
			return nil, err
		}
	}
	err := w.Close() // writes the end of the archive
	return b.Bytes(), err
}

func add(w *tar.Writer, f file, made time.Time) error {
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: made, Uid: f.owner, Gid: f.owner, Format: tar.FormatPAX,
	}
	if f.dir {
		header.Typeflag, header.Name = tar.TypeDir, strings.TrimSuffix(f.name, "/")+"/"
	}
	if err := w.WriteHeader(header); err != nil {
		return err
	}
	_, err := w.Write(f.content)
	return err
}
