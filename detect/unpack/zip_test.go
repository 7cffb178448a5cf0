package unpack_test

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"math/rand/v2"
	"testing"

	"github.com/ulikunitz/xz/lzma"

	"github.com/rekey-app/rekey/detect/unpack"
)

// TestZipMethods reads the methods that Go does not write.
func TestZipMethods(t *testing.T) {
	t.Parallel()
	content := noise(100_000)
	for method, packed := range map[uint16][]byte{12: bzipped(content), 14: zipLZMA(content), 20: zstded(content), 93: zstded(content), 95: xzed(content)} {
		data := zipRaw(method, packed, len(content), crc32.ChecksumIEEE(content))
		// LZMA's end is not marked, so that the header's size counts.
		for name, data := range map[string][]byte{"directory": data, "stream": gzipped(data)} {
			got, err := walk(t, data, unpack.Limits{})
			if err != nil || len(got) != 1 || got[0].data != string(content) {
				t.Errorf("method %d by %s: %d members, error %v", method, name, len(got), err)
			}
		}
	}
}

// zipLZMA encodes as method 14: the properties of a .lzma file behind a version and their length.
func zipLZMA(data []byte) []byte {
	var b bytes.Buffer
	w := must(lzma.WriterConfig{Size: int64(len(data)), SizeInHeader: true}.NewWriter(&b))
	must(w.Write(data))
	must(0, w.Close())
	alone := b.Bytes()
	return append(append([]byte{9, 4, 5, 0}, alone[:5]...), alone[13:]...)
}

// TestZip64 has more entries than 16 bits count.
func TestZip64(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	const n = 1<<16 + 10
	for range n {
		must(must(w.CreateHeader(&zip.FileHeader{Name: "a", Method: zip.Store})).Write([]byte("x")))
	}
	must(0, w.Close())
	for name, data := range map[string][]byte{"plain": b.Bytes(), "prepended": append([]byte("#!/bin/sh\n"), b.Bytes()...)} {
		got, err := walk(t, data, unpack.Limits{})
		if err != nil || len(got) != n || got[n-1].data != "x" {
			t.Errorf("%s: %d members, error %v", name, len(got), err)
		}
	}
}

// TestZipTooLargeToHold reads a compressed zip file by the headers before its members.
func TestZipTooLargeToHold(t *testing.T) {
	t.Parallel()
	large := make([]byte, 9<<20)
	rand.NewChaCha8([32]byte{}).Read(large)
	data := zstded(zipped(file{"a", large}, file{"b", large}, file{"c", large}, file{"d", large}, file{"e", []byte("end")}))
	got, err := walk(t, data, unpack.Limits{})
	if err != nil || len(got) != 5 || got[3].data != string(large) || got[4] != (seen{"e", "zstd+zip", -1, "end"}) {
		t.Errorf("%d members, error %v", len(got), err)
	}
	// What is stored with its size only in the directory cannot be read so; that is said.
	data = zstded(stored(file{"a", large}, file{"b", large}, file{"c", large}, file{"d", large}))
	if got, err = walk(t, data, unpack.Limits{}); err == nil {
		t.Errorf("%d members, no error", len(got))
	}
}
