package detect_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// adversaries are what repeats on the one line of a text that is made to cost much: every anchor with what keeps its rule
// busy, every credential in every encoding, every header of an archive, and what escapes, seams and line ends begin with.
func adversaries(tb testing.TB) []string {
	var units []string
	behind, most := []string{""}, 2
	if os.Getenv("REKEY_ADVERSARIES") != "" {
		behind, most = []string{"", "AAAA", `\n`, "\n", "=A", `" + "`, "%5f"}, 100
	}
	for _, a := range detect.Anchors() {
		for _, b := range behind {
			units = append(units, a.Text+b)
		}
	}
	key := detecttest.Key(1, detect.Live)
	placeholder := "sk_" + "live_" + strings.Repeat("x", 42)
	texts := []string{
		key, placeholder, detecttest.WebhookSecret(1), "CLERK_MACHINE_SECRET_KEY=" + detecttest.MachineSecretKey(1), detecttest.ClaimURL(1),
		detecttest.KeylessJSON(1, "clerk.example.org"), "CLERK_ENCRYPTION_KEY=" + detecttest.EncryptionKey(1), "pk_" + "test_" + "Y2xlcmsuZXhhbXBsZSQ",
	}
	for _, text := range texts[:min(most, len(texts))] {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		units = append(
			units, text+" ", text+`\n`, "-"+text+"\n", encoded+" ", encoded+`\n`, encoded+"&#xA;", hex.EncodeToString([]byte(text))+" ",
			base64.StdEncoding.EncodeToString([]byte(encoded))+`\n`, strings.ReplaceAll(text, "_", `\u005f`)+",", strings.ReplaceAll(text, "_", "%5F")+"&",
			strings.Join(strings.Split(text, ""), "\x00")+"\x00", strings.ReplaceAll(text, "_", `_" + "`)+",",
		)
	}
	for _, file := range []string{gzipped(tb, key), zipped(tb, ".env", key), tarred(tb, ".env", key), "BZh91AY&SY", "\x28\xb5\x2f\xfd\x00\x88\x09\x00\x00x", "\xfd7zXZ\x00\x00\x04"} {
		encoded := base64.StdEncoding.EncodeToString([]byte(file))
		units = append(units, encoded+" ", encoded, encoded[:min(len(encoded), 12)]+`\n`, base64.StdEncoding.EncodeToString([]byte(encoded)), hex.EncodeToString([]byte(file))+",")
	}
	return append(units, `mFrX\n`, "H4sI\n", `\`, `\\n`, "&amp;", "%25", "&#10;", "&#xA;", `" + "`, "sk\\\n", `sk" `, "s'", "\"_live_ ", "\u00e9", "=\n", "`", "^ ", "\x00_\x00", "A\n", "\x1d\x01\x05")
}

func repeated(unit string, n int) []byte { return bytes.Repeat([]byte(unit), n/len(unit)+1)[:n] }

// TestStepsAreLinear doubles texts of repeats and compares the steps that they take where no budget ends them. With
// REKEY_ADVERSARIES=1 there are seven times as many.
func TestStepsAreLinear(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	units := adversaries(t)
	var wg sync.WaitGroup
	for part := range 2 {
		wg.Go(func() {
			for i := part; i < len(units); i += 2 {
				n := 20 << 10
				if few, _ := s.Steps(t.Context(), repeated(units[i], n/10)); few > 60_000 {
					n /= 10 // linear as well, but steep: base64 within base64 at every alignment. That is what budgets are for.
				}
				once, _ := s.Steps(t.Context(), repeated(units[i], n))
				twice, _ := s.Steps(t.Context(), repeated(units[i], 2*n))
				// What is repeated does not end at the same place in both.
				if twice > 2*once+once/2+200_000 {
					t.Errorf("%.60q: %d steps for %d bytes, %d for twice as many", units[i], once, n, twice)
				}
			}
		})
	}
	wg.Wait()
}

// hungryFiles are compressed files that ask for as much memory as their format allows.
func hungryFiles(tb testing.TB) map[string]string {
	tb.Helper()
	random := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{7}).Read(random)
	zstdOf := func(data []byte) []byte { // with a window of 128 MiB, as it is, in blocks
		frame := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3}
		for block := range slices.Chunk(data, 128<<10) {
			frame = append(frame, byte(len(block)<<3), byte(len(block)>>5), byte(len(block)>>13))
			frame = append(frame, block...)
		}
		return append(frame, 1, 0, 0)
	}
	var wide bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 64 << 20}.NewWriter(&wide)
	if err == nil {
		_, err = w.Write(random)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return map[string]string{
		"zstd":                 string(zstdOf(random)),
		"zstd in zstd in zstd": string(zstdOf(zstdOf(zstdOf(random)))),
		"xz":                   wide.String(),
		"gzip twice in base64": base64.StdEncoding.EncodeToString([]byte(gzipped(tb, string(random)))),
	}
}

// BenchmarkAdversary examines 100 MiB on one line, of the costliest of the repeats. cpu-ns/B is the processor time for each byte,
// user's and system's: at most 30. MiB-beyond is how far the heap grew beyond the text: at most 64. GOGC=10 leaves little garbage
// in that:
//
//	GOGC=10 go test -run '^$' -bench Adversary -benchtime 1x ./detect
func BenchmarkAdversary(b *testing.B) {
	const n = 100 << 20
	s := detect.New(detect.Options{})
	texts := map[string]func() []byte{}
	for _, unit := range costliest(b, s, 20) {
		texts[fmt.Sprintf("%.20q", unit)] = func() []byte { return repeated(unit, n) }
	}
	for name, file := range hungryFiles(b) {
		texts[name] = func() []byte { return repeated(base64.StdEncoding.EncodeToString([]byte(file))+" ", n) }
	}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		b.Run(name, func(b *testing.B) {
			text := texts[name]()
			b.ReportAllocs()
			var took time.Duration
			var peak uint64
			for b.Loop() {
				peak = max(peak, heapGrowth(func() {
					started := cpuTime()
					s.Examine(b.Context(), "", text)
					took += cpuTime() - started
				}))
			}
			b.ReportMetric(float64(took.Nanoseconds())/float64(b.N)/n, "cpu-ns/B")
			b.ReportMetric(float64(peak)/(1<<20), "MiB-beyond")
			runtime.KeepAlive(text)
		})
	}
}

// costliest returns the n repeats that take most steps, and some that once took more than they should.
func costliest(tb testing.TB, s *detect.Scanner, n int) []string {
	steps := map[string]int64{}
	units := adversaries(tb)
	for _, unit := range units {
		steps[unit], _ = s.Steps(tb.Context(), repeated(unit, 16<<10))
	}
	slices.SortStableFunc(units, func(a, b string) int { return cmp.Compare(steps[b], steps[a]) })
	return append(slices.Clip(units[:n]), `mFrX\n`, "UEsDB", "H4sIAAAA", zeros45MB)
}

// heapGrowth returns how far the heap grows while f runs, looked at every few milliseconds.
func heapGrowth(f func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	peak := before.HeapAlloc
	for {
		select {
		case <-done:
			return peak - before.HeapAlloc
		case <-time.After(5 * time.Millisecond):
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
}
