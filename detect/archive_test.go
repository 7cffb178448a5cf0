package detect_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/ulikunitz/xz"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	write(t, w, text)
	return b.String()
}

func write(t testing.TB, w io.WriteCloser, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func zipped(t testing.TB, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarred(t testing.TB, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	write(t, w, text)
	return b.String()
}

func TestArchives(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	env := strings.Repeat("PORT=3000\n", 20) + "CLERK_SECRET_KEY=" + key + "\n"
	var xzed, zstded bytes.Buffer
	x, err := xz.NewWriter(&xzed)
	if err != nil {
		t.Fatal(err)
	}
	write(t, x, env)
	z, err := zstd.NewWriter(&zstded)
	if err != nil {
		t.Fatal(err)
	}
	write(t, z, env)
	encoded := base64.StdEncoding.EncodeToString([]byte(gzipped(t, env)))
	twice := base64.StdEncoding.EncodeToString([]byte(encoded))
	for _, test := range []struct {
		name, text, encoding, member string
		line, column                 int
		offset                       int64
	}{
		{"gzip", gzipped(t, env), "gzip", "", 21, 18, -1},
		{"xz", xzed.String(), "xz", "", 21, 18, -1},
		{"zstd", zstded.String(), "zstd", "", 21, 18, -1},
		{"zip", zipped(t, "app/.env", env), "zip", "app/.env", 21, 18, -1},
		{"tar", tarred(t, "app/.env", env), "tar", "app/.env", 21, 18, 217},
		{"tar.gz", gzipped(t, tarred(t, "app/.env", env)), "gzip+tar", "app/.env", 21, 18, -1},
		{"zip in zip", zipped(t, "inner.zip", zipped(t, "app/.env", env)), "zip+zip", "inner.zip!app/.env", 21, 18, -1},
		{"base64 in zip", zipped(t, "s.yaml", "a: "+base64.StdEncoding.EncodeToString([]byte(env))), "zip+base64", "s.yaml", 1, 293, -1},
		{"base64 of gzip", "data:\n  env: " + encoded + "\n", "base64+gzip", "", 2, 8, 13},
		{"wrapped base64 of gzip", "data: |\n" + wrapAt(encoded, 76, "\r\n"), "base64+gzip", "", 2, 1, 8},
		{"base64 twice of gzip", "release: " + twice, "base64+base64+gzip", "", 1, 10, 9},
		{"base64 of zip", "x = '" + base64.StdEncoding.EncodeToString([]byte(zipped(t, "app/.env", env))) + "'", "base64+zip", "app/.env", 1, 6, 5},
		{"base64 of zstd", base64.RawURLEncoding.EncodeToString(zstded.Bytes()), "base64url+zstd", "", 1, 1, 0},
		{"base64 of xz", "a,b,\n" + base64.StdEncoding.EncodeToString(xzed.Bytes()), "base64+xz", "", 2, 1, 5},
		{"hex of gzip", "SET x = '" + hex.EncodeToString([]byte(gzipped(t, env))) + "'", "hex+gzip", "", 1, 10, 9},
		{"base64 of gzip in gzip", gzipped(t, "x: "+encoded), "gzip+base64+gzip", "", 1, 4, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := detect.New(detect.Options{})
			res := s.Examine(t.Context(), "", []byte(test.text))
			if len(res.Findings) != 1 || len(res.Skipped) != 0 {
				t.Fatalf("%d findings, skipped %v", len(res.Findings), res.Skipped)
			}
			f := res.Findings[0]
			if f.Secret.Reveal() != key || f.Member != test.member || f.Place.Line != test.line || f.Place.Column != test.column ||
				f.Place.Offset != test.offset || strings.ReplaceAll(f.Encoding, "base64url", "base64") != strings.ReplaceAll(test.encoding, "base64url", "base64") {
				t.Errorf("%s in %q at %+v", f.Encoding, f.Member, f.Place)
			}
			again, err := s.ExamineReader(t.Context(), "", iotest.HalfReader(strings.NewReader(test.text)))
			if err != nil || len(again.Findings) != 1 || again.Findings[0].Place != f.Place {
				t.Errorf("from a stream: %v, %v", again, err)
			}
		})
	}
}

func TestCorruptArchiveIsReported(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	filler := detecttest.Random(1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 30_000)
	whole := gzipped(t, "CLERK_SECRET_KEY="+key+"\n"+filler)
	cut := whole[:len(whole)-1000]
	s := detect.New(detect.Options{})
	for name, text := range map[string]string{"file": cut, "base64": "x: " + base64.StdEncoding.EncodeToString([]byte(cut))} {
		res := s.Examine(t.Context(), "", []byte(text))
		if len(res.Findings) != 1 || len(res.Skipped) != 1 {
			t.Errorf("%s: %d findings, skipped %v", name, len(res.Findings), res.Skipped)
		}
	}
}

// TestSoundFilesAreNotCorrupt: what only begins like a compressed file, in a document or a test, is no damaged one, and
// neither is one whose lines end as Word and XML write it.
func TestSoundFilesAreNotCorrupt(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	noise := detecttest.Random(1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 3000)
	env := noise + "\nCLERK_SECRET_KEY=" + key + "\n"
	file := base64.StdEncoding.EncodeToString([]byte(zipped(t, "drawing.xml", env)))
	packed := base64.StdEncoding.EncodeToString([]byte(gzipped(t, noise)))
	s := detect.New(detect.Options{})
	for name, test := range map[string]struct {
		text  string
		found int
	}{
		"gfxdata":             {`<v:shape o:gfxdata="` + wrapAt(file, 76, "&#xA;") + `"/>`, 1},
		"decimal entities":    {`<v:shape o:gfxdata="` + wrapAt(file, 76, "&#13;&#10;") + `"/>`, 1},
		"base64 in an entity": {`x="` + wrapAt(base64.StdEncoding.EncodeToString([]byte(env)), 76, "&#xA;") + `"`, 1},
		"sample":              {"data: " + packed[:120] + "...\n", 0},
		"sample with a dot":   {"The payload (`" + packed[:64] + "…`) is a gzip.", 0},
		"magic alone":         {"base64 of gzip starts with H4sIAAAAAAAAA.", 0},
	} {
		res := s.Examine(t.Context(), "", []byte(test.text))
		if len(res.Findings) != test.found || len(res.Skipped) != 0 {
			t.Errorf("%s: %d findings, skipped %v", name, len(res.Findings), res.Skipped)
		}
	}
}

// TestTextInAnArchive: what stands in a file beside its members, or all of it where it but begins like an archive, is read as text.
func TestTextInAnArchive(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	line := "\nCLERK_SECRET_KEY=" + key + "\n"
	filler := strings.Repeat("some other text\n", 200_000)
	s := detect.New(detect.Options{})
	for name, text := range map[string]string{
		"variable": "PK00=1" + line, "gzip": "\x1f\x8b\x08\x00" + line, "bzip2": "BZh91AY&SY" + line, "xz": "\xfd7zXZ\x00\x00\x04" + line,
		"zstd": "\x28\xb5\x2f\xfd\x00\x88" + line, "far behind": "PK\x03\x04" + filler + line, "behind gzip": gzipped(t, "text") + line,
		"behind zip": zipped(t, "a", "text") + line, "behind tar": tarred(t, "a", "text") + line, "within gzip as well": gzipped(t, line) + line,
		"within tar": tarred(t, "a", line), "within tar as well": tarred(t, "a", line) + line,
	} {
		res := s.Examine(t.Context(), "", []byte(text))
		if len(res.Findings) != 1 || res.Findings[0].Secret.Reveal() != key {
			t.Errorf("%s: %d findings, skipped %.300v", name, len(res.Findings), res.Skipped)
		}
		res, err := s.ExamineReader(t.Context(), "", strings.NewReader(text))
		if err != nil || len(res.Findings) != 1 {
			t.Errorf("%s, from a file: %d findings, %v", name, len(res.Findings), err)
		}
	}
}
