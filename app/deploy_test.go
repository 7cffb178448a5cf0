package app

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestComposeServicesAreConfined holds every service of the compose file to the same rules, and every image to a digest.
func TestComposeServicesAreConfined(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../deploy/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Image       string   `yaml:"image"`
			ReadOnly    bool     `yaml:"read_only"`
			CapDrop     []string `yaml:"cap_drop"`
			SecurityOpt []string `yaml:"security_opt"`
			Tmpfs       []string `yaml:"tmpfs"`
			Volumes     []string `yaml:"volumes"`
			Ports       []string `yaml:"ports"`
		} `yaml:"services"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Services) != 2 {
		t.Fatalf("%d services", len(file.Services))
	}
	for name, s := range file.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: read-only %t, cap_drop %v, security_opt %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt)
		}
		if s.Image != "" && !digest.MatchString(s.Image) {
			t.Errorf("%s: the image %s has no digest", name, s.Image)
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") {
				t.Errorf("%s: the port %s is open to all", name, port)
			}
		}
	}
	rekey := file.Services["rekey"]
	if slices.ContainsFunc(rekey.Tmpfs, func(s string) bool { return strings.HasPrefix(s, "/tmp") }) || !slices.Contains(rekey.Volumes, "packs:/tmp") {
		t.Error("packs of many GiB go into memory")
	}
}

var digest = regexp.MustCompile(`^[a-z0-9./:-]+@sha256:[0-9a-f]{64}$`)

func TestImagesHaveDigests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	images := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(text), -1)
	if len(images) != 2 {
		t.Fatalf("%d images", len(images))
	}
	for _, image := range images {
		if !digest.MatchString(image[1]) {
			t.Errorf("%s has no digest", image[1])
		}
	}
}
