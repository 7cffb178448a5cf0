package literal

import (
	"bytes"
	"flag"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var bigramDirs = flag.String("bigrams", "", "directories of source, comma-separated, to make bigrams.go from")

// TestBigrams makes bigrams.go anew: go test -run TestBigrams -bigrams=DIR,DIR ./detect/literal. Each kind of file weighs
// the same, however much of it there is.
func TestBigrams(t *testing.T) {
	if *bigramDirs == "" {
		t.Skip("give -bigrams=DIR,DIR to make bigrams.go anew")
	}
	kinds := []string{".go", ".py", ".js", ".ts", ".css", ".html", ".md", ".json", ".yaml", ".sh", ".c", ".h", ".sql", ".java", ".rb", ".txt"}
	counts := make([][128][128]float64, len(kinds))
	totals := make([]float64, len(kinds))
	for dir := range strings.SplitSeq(*bigramDirs, ",") {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			kind := slices.Index(kinds, filepath.Ext(path))
			if err != nil || d.IsDir() || kind < 0 || totals[kind] > 32<<20 {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil || len(text) > 4<<20 {
				return nil
			}
			for i := range len(text) - 1 {
				if text[i] < 0x80 && text[i+1] < 0x80 {
					counts[kind][text[i]][text[i+1]]++
				}
			}
			totals[kind] += float64(len(text))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	b.WriteString(`package literal

// bigrams says how rare each pair of ASCII bytes is in source text: line a, column b holds '@' plus the rounded -log2 of
// the share of pairs that are a, b, '@'+30 at most. TestBigrams makes it.
const bigrams = ` + "`\n")
	for a := range 128 {
		for c := range 128 {
			share, n := 0.0, 0.0
			for kind, total := range totals {
				if total > 100_000 {
					share += counts[kind][a][c] / total
					n++
				}
			}
			level := 30
			if share > 0 {
				level = min(30, int(math.Round(-math.Log2(share/n))))
			}
			b.WriteByte('@' + byte(level))
		}
		b.WriteByte('\n')
	}
	b.WriteString("`\n")
	if err := os.WriteFile("bigrams.go", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("bytes of each kind: %v %v", kinds, totals)
}
