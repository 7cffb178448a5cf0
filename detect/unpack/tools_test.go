package unpack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/unpack"
)

// TestTools reads what the usual programs write, where they are installed.
func TestTools(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		"gzip -1 -c f", "gzip -9 -c f", "cat f | gzip",
		"bzip2 -1 -c f", "bzip2 -9 -c f",
		"xz -0 -c f", "xz -9e -c f", "xz -T2 --block-size=50000 -c f", "xz --check=none -c f", "xz --check=crc32 -c f",
		"xz --check=sha256 -c f", "cat f | xz -T0", "xz --lzma2=dict=4KiB,lc=0,lp=2,pb=0 -c f",
		"zstd -1 -c f", "zstd -19 -c f", "zstd --ultra -22 --long=27 -c f", "zstd --no-check -c f", "cat f | zstd -T2",
		"zip -q - f", "zip -q -0 - f", "cat f | zip -q - -", "zip -q -Z bzip2 - f", "zip -q a.zip f; cat a.zip", "zip -q -fz a.zip f; cat a.zip",
		"tar -c f", "tar -c --format=v7 f", "tar -c --format=ustar f", "tar -c --format=pax f", "tar -c --format=gnu f",
		"tar -czf - f", "tar -cJf - f", "tar -cjf - f", "tar -c --zstd -f - f", "tar -c d/" + strings.Repeat("long/", 60),
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			for _, program := range []string{"sh", strings.Fields(command)[0], "gzip", "xz", "bzip2", "zstd"} {
				if _, err := exec.LookPath(program); err != nil {
					t.Skip("not installed:", program)
				}
			}
			dir := t.TempDir()
			long := filepath.Join(dir, "d", strings.Repeat("long/", 60))
			content := string(noise(200_000))
			if err := os.MkdirAll(long, 0o755); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{filepath.Join(dir, "f"), filepath.Join(long, "f")} {
				if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			run := exec.Command("sh", "-c", command)
			run.Dir = dir
			data, err := run.Output()
			if err != nil {
				t.Skipf("%s: %v", command, err)
			}
			got, err := walk(t, data, unpack.Limits{})
			if err != nil || len(got) != 1 || got[0].data != content {
				t.Errorf("%d members, error %v", len(got), err)
			}
		})
	}
}

func TestToolsEncryptAndSparse(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"sh", "zip", "tar", "truncate"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("not installed:", program)
		}
	}
	dir := t.TempDir()
	run := func(command string) []byte {
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		data, err := c.Output()
		if err != nil {
			t.Skipf("%s: %v", command, err)
		}
		return data
	}
	run("echo before >f; truncate -s 300000 f; echo behind >>f")
	if _, err := walk(t, run("zip -q -P word - f"), unpack.Limits{}); err == nil || !strings.Contains(err.Error(), "encrypted") {
		t.Errorf("locked zip: error %v", err)
	}
	for _, format := range []string{"--format=gnu", "--format=pax --sparse-version=0.0", "--format=pax --sparse-version=0.1", "--format=pax --sparse-version=1.0"} {
		got, err := walk(t, run("tar -c --sparse "+format+" f"), unpack.Limits{})
		if err != nil || len(got) != 1 || len(got[0].data) != 300_007 || !strings.HasSuffix(got[0].data, "behind\n") {
			t.Errorf("%s: %d members, error %v", format, len(got), err)
		}
	}
}
