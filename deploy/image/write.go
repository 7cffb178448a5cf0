package main

import (
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// componentsType is the media type of a list of components.
const componentsType = "application/vnd.cyclonedx+json"

// variant is the image for one platform, with the list of its components if one was asked for.
type variant struct {
	platform   v1.Platform
	image      v1.Image
	components []byte
}

// write writes the images where the command line says, and prints the digest by which they are named.
func write(line commandLine, built []variant, out io.Writer) error {
	if line.Docker != "" {
		tag, err := name.NewTag(line.Tag)
		if err != nil {
			return err
		}
		if err := tarball.WriteToFile(line.Docker, tag, built[0].image); err != nil {
			return err
		}
	}
	if line.Output == "" {
		return nil
	}
	if _, err := os.Lstat(line.Output); err == nil {
		return fmt.Errorf("%s is there already: remove it, or name another directory", line.Output)
	}
	index, err := indexOf(built)
	if err != nil {
		return err
	}
	if _, err := layout.Write(line.Output, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, digest)
	return err
}

// indexOf lists the images, and for each the list of components that refers to it.
func indexOf(built []variant) (v1.ImageIndex, error) {
	var entries []mutate.IndexAddendum
	for _, v := range built {
		image, err := partial.Descriptor(v.image)
		if err != nil {
			return nil, err
		}
		image.Platform, image.ArtifactType = &v.platform, ""
		entries = append(entries, mutate.IndexAddendum{Add: v.image, Descriptor: *image})
		if v.components == nil {
			continue
		}
		list, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), componentsType),
			static.NewLayer(v.components, componentsType))
		if err != nil {
			return nil, err
		}
		image.Platform = nil
		about, ok := mutate.Subject(list, *image).(v1.Image)
		if !ok {
			return nil, fmt.Errorf("the list of components of %s is no image", v.platform)
		}
		entries = append(entries, mutate.IndexAddendum{Add: about})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), entries...), nil
}
