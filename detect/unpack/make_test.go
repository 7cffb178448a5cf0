package unpack_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// file is a member to be packed.
type file struct {
	name string
	data []byte
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(w.Write(data))
	must(0, w.Close())
	return b.Bytes()
}

func zstded(data []byte) []byte {
	w := must(zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)))
	return w.EncodeAll(data, nil)
}

func xzed(data []byte) []byte {
	var b bytes.Buffer
	w := must(xz.NewWriter(&b))
	must(w.Write(data))
	must(0, w.Close())
	return b.Bytes()
}

func tarred(files ...file) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		must(0, w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o644}))
		must(w.Write(f.data))
	}
	must(0, w.Close())
	return b.Bytes()
}

// zipped packs with deflate and data descriptors, as Go does.
func zipped(files ...file) []byte { return zipWith(zip.Deflate, files...) }

// stored packs without compression.
func stored(files ...file) []byte { return zipWith(zip.Store, files...) }

func zipWith(method uint16, files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m := must(w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method}))
		must(m.Write(f.data))
	}
	must(0, w.Close())
	return b.Bytes()
}

// packers are the formats with one content.
func packers() map[string]func([]byte) []byte {
	return map[string]func([]byte) []byte{
		"gzip": gzipped, "bzip2": bzipped, "zstd": zstded, "xz": xzed,
		"tar": func(b []byte) []byte { return tarred(file{"t", b}) },
		"zip": func(b []byte) []byte { return zipped(file{"z", b}) },
	}
}

// seen is a member as visited.
type seen struct {
	name   string
	layers string
	offset int64
	data   string
}

func read(t testing.TB, r io.Reader) string {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("content: %v", err)
	}
	return string(data)
}
