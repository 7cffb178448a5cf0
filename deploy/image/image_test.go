package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var (
	made   = time.Unix(1_700_000_000, 0).UTC()
	amd64  = v1.Platform{OS: "linux", Architecture: "amd64"}
	binary = []byte("what is built")
)

func imageFor(t *testing.T, platform v1.Platform) v1.Image {
	t.Helper()
	image, err := imageOf(binary, platform, "v1.2.3", made)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// sound checks digests and sizes of an image's layers.
func sound(t *testing.T, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%d layers: %v", len(layers), err)
	}
	for _, l := range layers {
		if err := validate.Layer(l); err != nil {
			t.Error(err)
		}
		content, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil || !bytes.HasSuffix(text, make([]byte, 1024)) {
			t.Errorf("the archive has no end; %v", err) // Go reads it all the same, tar doesn't
		}
	}
}

// TestImage looks at all that a container sees.
func TestImage(t *testing.T) {
	t.Parallel()
	image := imageFor(t, amd64)
	sound(t, image)
	content := mutate.Extract(image)
	defer content.Close()
	files := map[string]*tar.Header{}
	for r := tar.NewReader(content); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		files[path.Clean(header.Name)] = header
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		switch header.Name {
		case binaryPath:
			if !bytes.Equal(text, binary) {
				t.Errorf("the binary is %q", text)
			}
		case certificatesPath:
			if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(text) || bytes.Count(text, []byte("BEGIN CERTIFICATE")) < 80 {
				t.Errorf("root certificates: %d bytes", len(text))
			}
		}
		if header.FileInfo().Mode().Perm()&0o022 != 0 && path.Clean(header.Name) != "tmp" {
			t.Errorf("everybody may write %s", header.Name)
		}
	}
	if f := files[binaryPath]; f == nil || f.Mode != 0o755 || f.Uid != 0 {
		t.Errorf("binary: %+v", f)
	}
	if f := files["data"]; f == nil || f.Mode != 0o700 || f.Uid != unprivileged {
		t.Errorf("data: %+v", f)
	}
	if f := files["tmp"]; f == nil || f.Mode != 0o1777 {
		t.Errorf("tmp: %+v", f)
	}
}

// TestImageIsReproducible builds twice: the same binary is the same image.
func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	one, err := imageFor(t, amd64).Digest()
	if err != nil {
		t.Fatal(err)
	}
	two, err := imageFor(t, amd64).Digest()
	if err != nil {
		t.Fatal(err)
	}
	other, err := imageFor(t, v1.Platform{OS: "linux", Architecture: "arm64"}).Digest()
	if err != nil {
		t.Fatal(err)
	}
	if one != two || one == other {
		t.Errorf("%s, %s, for another platform %s", one, two, other)
	}
}

// TestLayout reads back what is written for a registry: an image for each platform, each with its list of components.
func TestLayout(t *testing.T) {
	t.Parallel()
	var built []variant
	for _, architecture := range []string{"amd64", "arm64"} {
		platform := v1.Platform{OS: "linux", Architecture: architecture}
		built = append(built, variant{platform: platform, image: imageFor(t, platform), components: []byte(`{"bomFormat":"CycloneDX"}`)})
	}
	dir := path.Join(t.TempDir(), "rekey.oci")
	var out bytes.Buffer
	if err := write(commandLine{Output: dir}, built, &out); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms, lists []string
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if m.Platform != nil {
			platforms = append(platforms, m.Platform.String())
			sound(t, image)
			continue
		}
		list, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, list.Subject.Digest.String())
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) || len(lists) != 2 ||
		lists[0] != manifest.Manifests[0].Digest.String() || lists[1] != manifest.Manifests[2].Digest.String() {
		t.Errorf("platforms %v, lists of components for %v", platforms, lists)
	}
	if digest, err := index.Digest(); err != nil || strings.TrimSpace(out.String()) != digest.String() {
		t.Errorf("printed %q; %v", out.String(), err)
	}
	if err := write(commandLine{Output: dir}, built, io.Discard); err == nil {
		t.Error("a directory that is there is written over")
	}
}

// TestDockerfile holds the Dockerfile to the settings of the image that is built without it.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	final := string(text[bytes.LastIndex(text, []byte("\nFROM ")):])
	config := settings("")
	asJSON := func(list []string) string {
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(list); err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(strings.TrimSpace(b.String()), `","`, `", "`)
	}
	wanted := []string{
		"USER " + config.User, "WORKDIR " + config.WorkingDir, "VOLUME " + config.WorkingDir, "EXPOSE 8080",
		"ENTRYPOINT " + asJSON(config.Entrypoint), "CMD " + asJSON(config.Cmd), "CMD " + asJSON(config.Healthcheck.Test[1:]),
		fmt.Sprintf("--interval=%ds --timeout=%ds --start-period=%ds --retries=%d", int(config.Healthcheck.Interval.Seconds()),
			int(config.Healthcheck.Timeout.Seconds()), int(config.Healthcheck.StartPeriod.Seconds()), config.Healthcheck.Retries),
	}
	wanted = append(wanted, config.Env...)
	for _, want := range wanted {
		if !strings.Contains(final, want) {
			t.Errorf("the Dockerfile lacks %s", want)
		}
	}
	for _, variable := range regexp.MustCompile(`(?m)^(?:ENV)?\s+([A-Z_]+=\S+)`).FindAllStringSubmatch(final, -1) {
		if !slices.Contains(config.Env, variable[1]) {
			t.Errorf("only the Dockerfile has %s", variable[1])
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ args, want string }{
		{"", "say where to"},
		{"--docker x.tar", "--platform linux/"},
		{"--output " + t.TempDir() + "/x --platform plan9/amd64", "linux/amd64 or linux/arm64"},
	} {
		if err := run(t.Context(), strings.Fields(c.args), io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}
