package detect

import (
	"encoding/base64"
	"encoding/hex"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/literal"
)

var planDirs = flag.String("plan", "", "directories of source, comma-separated, to make the plans from")

// TestPlans makes the plans anew, which is needed when a literal is added: go test ./detect -run TestPlans -plan=DIR,DIR.
// It takes half an hour. The directories should hold source in many languages, and texts that mention Clerk. Without
// directories it holds that the plans are for the literals that there are.
func TestPlans(t *testing.T) {
	texts := anchorTexts(anchors())
	if *planDirs != "" {
		source := planSource(t)
		for _, plan := range []struct {
			sight literal.Sight
			name  string
			moves int
		}{{literal.Bytes, "bytes", 2_000_000}, {literal.Halves, "halves", 900_000}, {literal.Pairs, "pairs", 10_000_000}} {
			writePlan(t, "anchors."+plan.name+".plan", texts, source, plan.sight, plan.moves)
			writePlan(t, "signs."+plan.name+".plan", signs(), source, plan.sight, 20_000)
		}
		return
	}
	for plan, literals := range map[string][]string{anchorsBytes: texts, anchorsHalves: texts, anchorsPairs: texts, signsBytes: signs(), signsHalves: signs(), signsPairs: signs()} {
		p, err := literal.ParsePlan(plan)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := literal.Compile(literals, literal.Plans{p, p, p}); err != nil {
			t.Error(err)
		}
		if len(p) != len(literals) {
			t.Errorf("the plan names %d literals, there are %d", len(p), len(literals))
		}
	}
}

func writePlan(t *testing.T, name string, literals []string, samples []literal.Sample, sight literal.Sight, moves int) {
	t.Helper()
	// One run may end in a corner: of several the best.
	var best literal.Plan
	least := 0.0
	for seed := range uint64(2) {
		p, cost := literal.Anneal(literals, samples, sight, moves, seed)
		t.Logf("%s, seed %d: stops at one place in %.0f", name, seed, 1/cost)
		if best == nil || cost < least {
			best, least = p, cost
		}
	}
	if err := os.WriteFile(name, []byte(best.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// planSource samples the directories, and texts without words, which count for little: where there is much to stop at, the
// search does not stop.
func planSource(t *testing.T) []literal.Sample {
	t.Helper()
	const most = 24 << 20
	dirs := strings.Split(*planDirs, ",")
	var samples []literal.Sample
	for _, dir := range dirs {
		var text []byte
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || len(text) > most {
				return err
			}
			content, err := os.ReadFile(path)
			if len(content) < 4<<20 && !slices.Contains(content, 0) {
				text = append(text, content...)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", dir, len(text))
		samples = append(samples, literal.Samples(text, 0.9/float64(len(dirs)))...)
	}
	raw := make([]byte, 4<<20)
	rand.NewChaCha8([32]byte{1}).Read(raw)
	samples = append(samples, literal.Samples([]byte(base64.StdEncoding.EncodeToString(raw)), 0.06)...)
	samples = append(samples, literal.Samples([]byte(hex.EncodeToString(raw)), 0.02)...)
	for i, c := range raw {
		if c > 170 {
			raw[i] = 0
		}
	}
	return append(samples, literal.Samples(raw, 0.02)...)
}
