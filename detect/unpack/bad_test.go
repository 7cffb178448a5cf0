package unpack_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect/unpack"
)

// noise is text that does not compress well.
func noise(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		b = fmt.Appendf(b, "%d %x\n", i*7919, uint32(i)*2654435761)
	}
	return b[:n]
}

// TestTruncated cuts every format at many places: never silent, and what stands before the cut is visited.
func TestTruncated(t *testing.T) {
	t.Parallel()
	content := noise(600_000)
	for name, pack := range packers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := pack(content)
			for _, cut := range []int{len(data) - 1, len(data) * 9 / 10, len(data) / 2, 600} {
				got, err := walk(t, data[:cut], unpack.Limits{})
				if name == "tar" && cut == len(data)-1 {
					continue // a tar needs no end
				}
				if !errors.Is(err, unpack.ErrCorrupt) {
					t.Errorf("cut to %d of %d: %d members, error %v", cut, len(data), len(got), err)
				}
				if cut >= len(data)/2 && (len(got) != 1 || !strings.HasPrefix(string(content), got[0].data) || len(got[0].data) < 10_000) {
					t.Errorf("cut to %d of %d: %d members", cut, len(data), len(got))
				}
			}
		})
	}
}

// TestChanged changes a byte in the content: the checksum tells.
func TestChanged(t *testing.T) {
	t.Parallel()
	for name, pack := range packers() {
		if name == "tar" {
			continue // it has no checksum of the content
		}
		data := pack(noise(100_000))
		data[len(data)/2] ^= 0x10
		if _, err := walk(t, data, unpack.Limits{}); !errors.Is(err, unpack.ErrCorrupt) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestOthersAreVisited(t *testing.T) {
	t.Parallel()
	bad := gzipped(noise(50_000))
	bad = bad[:len(bad)/2]
	for name, data := range map[string][]byte{
		"tar": tarred(file{"bad.gz", bad}, file{"good", []byte("here")}),
		"zip": zipped(file{"bad.gz", bad}, file{"good", []byte("here")}),
	} {
		got, err := walk(t, data, unpack.Limits{})
		var e *unpack.Error
		if !errors.Is(err, unpack.ErrCorrupt) || !errors.As(err, &e) || e.Name != "bad.gz" || len(got) != 2 || got[1].data != "here" {
			t.Errorf("%s: error %v, %d members", name, err, len(got))
		}
	}
}

// TestLookalikes are visited as they are.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"gzip":  "\x1f\x8b\x08\x00 and then some text",
		"bzip2": "BZh9\x31\x41\x59\x26\x53\x59 and then some text",
		"zstd":  "\x28\xb5\x2f\xfd and then some text",
		"xz":    "\xfd7zXZ\x00 and then some text",
		"zip":   "PK\x03\x04 and then some text",
	} {
		for wrapping, data := range map[string][]byte{
			"tar": tarred(file{"a", []byte(text)}), "zip": zipped(file{"a", []byte(text)}), "gzip": gzipped([]byte(text)),
		} {
			got, err := walk(t, data, unpack.Limits{})
			if !errors.Is(err, unpack.ErrCorrupt) || len(got) != 1 || got[0].data != text || strings.Contains(got[0].layers, "+") {
				t.Errorf("%s in %s: %v, error %v", name, wrapping, got, err)
			}
		}
		// The file itself is the caller's to read.
		if got, err := walk(t, []byte(text), unpack.Limits{}); err == nil || len(got) != 0 {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
	if _, err := walk(t, []byte("just text"), unpack.Limits{}); !errors.Is(err, unpack.ErrUnsupported) {
		t.Errorf("text: error %v", err)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := []string{"../../etc/passwd", "/etc/passwd", `..\..\windows`, "\xff\xfe", "same", "same", "a\nb", "", "dir?"}
	want := []string{"../../etc/passwd", "/etc/passwd", `..\..\windows`, "\uFFFD", "same", "same", "a\nb", "", "dir/"}
	var files []file
	for _, n := range names {
		files = append(files, file{n, []byte("x")})
	}
	// Go does not write content into a directory.
	zipWithDir := bytes.ReplaceAll(rawZip(files...), []byte("dir?"), []byte("dir/"))
	withoutDirectory, _, _ := bytes.Cut(zipWithDir, []byte("PK\x01\x02"))
	for name, data := range map[string][]byte{"zip": zipWithDir, "gzip": gzipped(zipWithDir), "no directory": withoutDirectory} {
		got, err := walk(t, data, unpack.Limits{})
		if (err != nil) != (name == "no directory") {
			t.Errorf("%s: error %v", name, err)
		}
		var have []string
		for _, s := range got {
			have = append(have, s.name)
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// rawZip stores files under any name, with their sizes before the data.
func rawZip(files ...file) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		m := must(w.CreateRaw(&zip.FileHeader{Name: f.name, CompressedSize64: uint64(len(f.data)), UncompressedSize64: uint64(len(f.data))}))
		must(m.Write(f.data))
	}
	must(0, w.Close())
	return b.Bytes()
}

// setFlag sets bits of the flags in all headers of a zip file.
func setFlag(data []byte, bits uint16) []byte {
	data = bytes.Clone(data)
	for i := range len(data) - 12 {
		switch string(data[i : i+4]) {
		case "PK\x03\x04":
			binary.LittleEndian.PutUint16(data[i+6:], binary.LittleEndian.Uint16(data[i+6:])|bits)
		case "PK\x01\x02":
			binary.LittleEndian.PutUint16(data[i+8:], binary.LittleEndian.Uint16(data[i+8:])|bits)
		}
	}
	return data
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	data := setFlag(rawZip(file{"locked", []byte("x")}, file{"too", []byte("y")}), 1)
	for name, data := range map[string][]byte{"zip": data, "gzip": gzipped(data), "no directory": data[:len(data)-22]} {
		got, err := walk(t, data, unpack.Limits{})
		if !errors.Is(err, unpack.ErrEncrypted) || len(got) != 0 || strings.Count(err.Error(), "encrypted") != 2 {
			t.Errorf("%s: %v, error %v", name, got, err)
		}
	}
}

func TestManyErrorsAreCounted(t *testing.T) {
	t.Parallel()
	_, err := walk(t, setFlag(rawZip(many(500, "locked")...), 1), unpack.Limits{})
	if err == nil || strings.Count(err.Error(), "encrypted") != 100 || !strings.Contains(err.Error(), "400 more") {
		t.Errorf("error %.300v", err)
	}
}

func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	_, err := walk(t, zipRaw(97, []byte("jpeg?"), 5, 0), unpack.Limits{})
	if !errors.Is(err, unpack.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
}

// zipRaw is a zip file of one member "m" that is compressed already.
func zipRaw(method uint16, packed []byte, size int, crc uint32) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	m := must(w.CreateRaw(&zip.FileHeader{Name: "m", Method: method, CRC32: crc, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(size)}))
	must(m.Write(packed))
	must(0, w.Close())
	return b.Bytes()
}

func TestZipLies(t *testing.T) {
	t.Parallel()
	whole := zipped(file{"a", noise(5000)}, file{"b", []byte("fine")})
	at := bytes.Index(whole, []byte("PK\x01\x02"))
	change := func(offset int, v uint32) []byte {
		data := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(data[at+offset:], v)
		return data
	}
	for name, data := range map[string][]byte{
		"unpacked size too small": change(24, 10), "unpacked size too large": change(24, 1<<31), "checksum": change(16, 7),
		"packed size too large": change(20, 1<<31), "place outside": change(42, 1<<31), "place in the middle": change(42, 3),
	} {
		got, err := walk(t, data, unpack.Limits{})
		if !errors.Is(err, unpack.ErrCorrupt) || len(got) == 0 || got[len(got)-1].data != "fine" {
			t.Errorf("%s: %d members, error %v", name, len(got), err)
		}
	}
}

// TestBehindTheEnd visits what follows the end of a format in a member, by its bytes or as another such file.
func TestBehindTheEnd(t *testing.T) {
	t.Parallel()
	for name, pack := range packers() {
		data := zipped(file{"a", append(pack([]byte("first")), "tail"...)})
		got, err := walk(t, data, unpack.Limits{})
		all := fmt.Sprint(got)
		if !strings.Contains(all, "tail") && err == nil {
			t.Errorf("%s: silent: %v", name, all)
		}
		if !strings.Contains(all, "first") {
			t.Errorf("%s: %v, error %v", name, all, err)
		}
		if name == "zip" {
			continue
		}
		twice := append(pack([]byte("first")), pack([]byte("second"))...)
		padded := append(pack([]byte("first")), make([]byte, 4096)...)
		for outer, wrap := range map[string]func([]byte) []byte{"itself": func(b []byte) []byte { return b }, "zip": packers()["zip"], "tar": packers()["tar"]} {
			got, err := walk(t, wrap(twice), unpack.Limits{})
			if all := fmt.Sprint(got); err != nil || !strings.Contains(all, "first") || !strings.Contains(all, "second") {
				t.Errorf("%s twice in %s: %v, error %v", name, outer, all, err)
			}
			got, err = walk(t, wrap(padded), unpack.Limits{})
			if name != "bzip2" && name != "zstd" && err != nil || len(got) != 1 || got[0].data != "first" {
				t.Errorf("%s padded in %s: %v, error %v", name, outer, got, err)
			}
		}
	}
}

func TestPrepended(t *testing.T) {
	t.Parallel()
	app := append([]byte("#!/usr/bin/env python3\n"), zipped(file{"__main__.py", []byte("print()")})...)
	want := seen{"__main__.py", "zip", 0, "print()"}
	expect(t, app, want)
	if format := unpack.Format(app); format != "" {
		t.Errorf("the format by its first bytes is %q", format)
	}
	// In another archive the whole is visited too, for what was prepended.
	got, err := walk(t, tarred(file{"app", app}), unpack.Limits{})
	if err != nil || len(got) != 2 || got[0].data != string(app) || got[1].name != "app!__main__.py" {
		t.Errorf("%v, error %v", got, err)
	}
	// A comment may follow the walked file.
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	must(must(w.Create("__main__.py")).Write([]byte("print()")))
	must(0, w.SetComment("PK\x05\x06 is how I end; "+strings.Repeat("c", 60_000)))
	must(0, w.Close())
	expect(t, b.Bytes(), want)
}
