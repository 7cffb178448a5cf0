// Command image builds rekey's container image without a Docker daemon: one static binary, root certificates and an unprivileged
// user, for each platform. The same source and Go version give the same bytes.
//
//	go run ./deploy/image --output rekey.oci                             an OCI layout with all platforms, for crane, skopeo, podman
//	go run ./deploy/image --platform linux/amd64 --docker rekey.tar      one image, for docker load
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

type commandLine struct {
	Output   string   `placeholder:"DIR" help:"Write an OCI image layout with all platforms to this directory, which must not exist."`
	Docker   string   `placeholder:"FILE" help:"Write one image as an archive for docker load. Needs one --platform."`
	Platform []string `default:"linux/amd64,linux/arm64" placeholder:"OS/ARCH" help:"Platforms to build for."`
	Version  string   `placeholder:"VERSION" help:"The version that the binary names, such as v1.2.3. Default: what Go knows of the commit."`
	Tag      string   `default:"rekey:latest" placeholder:"NAME:TAG" help:"The name that docker load gives the image."`
	Sbom     string   `name:"sbom" placeholder:"COMMAND" help:"Attach the list of components that this command prints, given the path of a binary: CycloneDX, as JSON."`
}

// run builds what args ask for, and prints the digest of what it wrote.
func run(ctx context.Context, args []string, out io.Writer) error {
	var line commandLine
	parser, err := kong.New(&line, kong.Name("image"), kong.Description("Builds rekey's container image without a Docker daemon."))
	if err != nil {
		return err
	}
	if _, err := parser.Parse(args); err != nil {
		return err
	}
	if line.Output == "" && line.Docker == "" {
		return errors.New("say where to: --output DIR or --docker FILE")
	}
	if line.Docker != "" && len(line.Platform) != 1 {
		return fmt.Errorf("docker load takes one image: say --platform linux/%s", runtime.GOARCH)
	}
	made, err := committed(ctx)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "rekey-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var built []variant
	for _, name := range line.Platform {
		platform, err := v1.ParsePlatform(name)
		if err != nil || platform.OS != "linux" {
			return fmt.Errorf("platform %q: use linux/amd64 or linux/arm64", name)
		}
		v, err := build(ctx, *platform, line, work, made)
		if err != nil {
			return fmt.Errorf("build for %s: %w", name, err)
		}
		built = append(built, v)
	}
	return write(line, built, out)
}

// build compiles rekey for a platform, and puts it into an image.
func build(ctx context.Context, platform v1.Platform, line commandLine, work string, made time.Time) (variant, error) {
	binary, err := compile(ctx, platform, line.Version, work)
	if err != nil {
		return variant{}, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return variant{}, err
	}
	image, err := imageOf(content, platform, line.Version, made)
	if err != nil {
		return variant{}, err
	}
	v := variant{platform: platform, image: image}
	if line.Sbom != "" {
		v.components, err = output(ctx, nil, append(strings.Fields(line.Sbom), binary)...)
	}
	return v, err
}
