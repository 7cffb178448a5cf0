package unpack_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

// zeros packs n zero bytes.
func zeros(n int, pack func([]byte) []byte) []byte { return pack(make([]byte, n)) }

func TestBombs(t *testing.T) {
	t.Parallel()
	bombs := map[string][]byte{
		"gzip":        zeros(64<<20, gzipped),
		"zstd":        zeros(64<<20, zstded),
		"xz":          zeros(64<<20, xzed),
		"bzip2":       bytes.Repeat(zeros(49_999, bzipped), 2000),
		"gzip twice":  gzipped(zeros(64<<20, gzipped)),
		"zip":         zipped(file{"a", make([]byte, 64<<20)}),
		"overlapping": overlappingZip(3000, 64<<10),
		"sparse":      sparseTar("1099511627776"),
	}
	for name, data := range bombs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lim := unpack.Limits{Size: 20 << 20, Ratio: 10_000_000}
			var n int64
			err := unpack.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), lim, func(m unpack.Member) error {
				k, err := io.Copy(io.Discard, m.Content)
				n += k
				return err
			})
			if !errors.Is(err, unpack.ErrLimit) || n > lim.Size {
				t.Errorf("%d bytes, error %v", n, err)
			}
		})
	}
}

func TestRatio(t *testing.T) {
	t.Parallel()
	data := zeros(64<<20, gzipped)
	_, err := walk(t, data, unpack.Limits{})
	if err != nil {
		t.Errorf("a ratio of %d: %v", 64<<20/len(data), err)
	}
	got, err := walk(t, data, unpack.Limits{Ratio: 300})
	if !errors.Is(err, unpack.ErrLimit) || len(got) != 1 || len(got[0].data) != 300*len(data) {
		t.Errorf("a ratio of %d: %v, %d bytes of %d", 64<<20/len(data), err, len(got[0].data), 300*len(data))
	}
	// A small file may hold 16 MiB whatever the ratio.
	if _, err := walk(t, zeros(1<<20, zstded), unpack.Limits{Ratio: 2}); err != nil {
		t.Error(err)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	var files []file
	for i := range 50 {
		files = append(files, file{fmt.Sprint(i), []byte("x")})
	}
	for name, data := range map[string][]byte{"tar": tarred(files...), "zip": zipped(files...), "gzip": gzipped(zipped(files...))} {
		got, err := walk(t, data, unpack.Limits{Members: 20})
		if !errors.Is(err, unpack.ErrLimit) || len(got) != 20 {
			t.Errorf("%s: %d members, error %v", name, len(got), err)
		}
	}
}

// TestQuine walks a gzip file in a zip file in itself, as deep as the limit allows.
func TestQuine(t *testing.T) {
	t.Parallel()
	data := []byte("PK")
	for range 30 {
		data = gzipped(data)
	}
	got, err := walk(t, data, unpack.Limits{})
	if !errors.Is(err, unpack.ErrLimit) || len(got) != 1 || strings.Count(got[0].layers, "gzip") != 8 {
		t.Errorf("%d members, error %v", len(got), err)
	}
}

// TestTooDeepIsSaid: whatever lies deeper than the limit is an error, also a zip file that stands behind something else.
func TestTooDeepIsReported(t *testing.T) {
	t.Parallel()
	appended := append([]byte("#!/bin/sh\n"), zipped(file{"a", []byte("content")})...)
	for name, inner := range map[string][]byte{"gzip": gzipped([]byte("content")), "zip behind a script": appended} {
		for depth, wrapped := range [][]byte{1: tarred(file{"t", inner}), 2: tarred(file{"t", tarred(file{"t", inner})})} {
			if depth == 0 {
				continue
			}
			got, err := walk(t, wrapped, unpack.Limits{Depth: depth})
			if !errors.Is(err, unpack.ErrLimit) || len(got) != 1 || got[0].data != string(inner) {
				t.Errorf("%s at depth %d: %d members, %v", name, depth, len(got), err)
			}
			if _, err = walk(t, wrapped, unpack.Limits{Depth: depth + 1}); err != nil {
				t.Errorf("%s at depth %d, with room: %v", name, depth, err)
			}
		}
	}
}

// TestMemory gives decoders headers that ask for much memory.
func TestMemory(t *testing.T) {
	hungry := map[string][]byte{
		"xz":              xzWithDict(40),
		"xz, many":        bytes.Repeat(xzWithDict(37), 2000), // 1 GiB and more each
		"bzip2, many":     bytes.Repeat(bzipped([]byte("x")), 2000),
		"zstd":            {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x09, 0x00, 0x00, 'x'}, // a window of 2 TiB
		"tar, long name":  tarred(file{strings.Repeat("n", 900_000), []byte("x")}),
		"zip, long names": zipped(many(300, strings.Repeat("n", 60_000))...),
	}
	for name, data := range hungry {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := unpack.Walk(t.Context(), bytes.NewReader(data), int64(len(data)), unpack.Limits{}, func(m unpack.Member) error {
			if len(m.Name) > 4096 {
				t.Errorf("%s: a name of %d bytes", name, len(m.Name))
			}
			_, err := io.Copy(io.Discard, m.Content)
			return err
		})
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<30 {
			t.Errorf("%s: took %d MiB in all, error %v", name, took>>20, err)
		}
	}
}

func many(n int, name string) (files []file) {
	for i := range n {
		files = append(files, file{fmt.Sprint(i, name), []byte("x")})
	}
	return files
}

// xzWithDict is an xz file of one small block that names a dictionary, by its code in the format.
func xzWithDict(code byte) []byte {
	data := xzed([]byte("some text"))
	// Stream header 12 bytes, block header: size, flags, filter 0x21, length 1, dictionary.
	header := data[12 : 12+(int(data[12])+1)*4]
	for i := range header {
		if header[i] == 0x21 && header[i+1] == 1 {
			header[i+2] = code
			break
		}
	}
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return data
}

// sparseTar is an archive with one sparse file of that size, all hole.
func sparseTar(size string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	must(0, w.WriteHeader(&tar.Header{Name: "sparse", Typeflag: tar.TypeReg, Size: 512, Mode: 0o644, Format: tar.FormatPAX, PAXRecords: map[string]string{
		"SCHILY.x": "y",
	}}))
	must(w.Write(append([]byte("1\n"+size+"\n0\n"), make([]byte, 512-4-len(size)-1)...)))
	must(0, w.Close())
	// Go's writer refuses these records: put them where the harmless one is.
	records := "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n"
	records += fmt.Sprintf("%d GNU.sparse.realsize=%s\n", len("NN GNU.sparse.realsize=\n")+len(size), size)
	data := b.Bytes()
	header := data[:512]
	body := data[512:1024]
	clear(body)
	copy(body, records)
	copy(header[124:136], fmt.Sprintf("%011o\x00", len(records)))
	sum := 0
	copy(header[148:156], "        ")
	for _, c := range header {
		sum += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

// overlappingZip has a directory with n entries for the same member.
func overlappingZip(n, size int) []byte { return overlapping(zipped(file{"a", make([]byte, size)}), n) }

// overlapping repeats the one entry of a zip file's directory.
func overlapping(one []byte, n int) []byte {
	end := one[len(one)-22:]
	start := int(binary.LittleEndian.Uint32(end[16:]))
	entry := one[start : len(one)-22]
	data := append([]byte{}, one[:start]...)
	data = append(data, bytes.Repeat(entry, n)...)
	end = append([]byte{}, end...)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(n*len(entry)))
	return append(data, end...)
}
