package pack

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
)

// TestNoProductionKeyIsDroppedInSilence: for any findings and bounds, each production key is kept, or it is said that there
// are more, and then nothing less urgent is kept.
func TestNoProductionKeyIsDroppedInSilence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := keeper{limit: rapid.IntRange(1, 12).Draw(t, "limit"), each: rapid.IntRange(1, 4).Draw(t, "each")}
		added, live := map[detect.Secret]int{}, map[detect.Secret]bool{}
		for n := range rapid.IntRange(0, 30).Draw(t, "objects") {
			var findings []detect.Finding
			for range rapid.IntRange(0, 8).Draw(t, "findings") {
				f := detect.Finding{Severity: detect.MediumSeverity, Environment: detect.Test, Allowed: rapid.Bool().Draw(t, "allowed")}
				number := rapid.IntRange(0, 15).Draw(t, "secret")
				f.Secret = detect.NewSecret(fmt.Sprint(number))
				if number%3 == 0 {
					f.Severity, f.Environment = detect.CriticalSeverity, detect.Live
					live[f.Secret] = true
				}
				added[f.Secret]++
				findings = append(findings, f)
			}
			if len(findings) > 0 {
				k.add(id{byte(n)}, blobKind, findings)
			}
		}
		hits := k.hits()
		kept, total, others := map[detect.Secret]int{}, 0, 0
		for _, h := range hits {
			for _, f := range h.findings {
				kept[f.Secret]++
				total++
				if !live[f.Secret] {
					others++
				}
			}
		}
		if total > k.limit {
			t.Fatalf("%d findings are kept", total)
		}
		for secret := range live {
			if kept[secret] == 0 && (k.left == 0 || others > 0) {
				t.Fatalf("a production key was dropped: %d are said to be left, %d test findings are kept", k.left, others)
			}
		}
		for secret, n := range kept {
			if n+k.more[secret].places != added[secret] && k.left == 0 {
				t.Fatalf("%d places of %d are accounted for", n+k.more[secret].places, added[secret])
			}
		}
	})
}

// TestChooseKeepsEachPath: a place that nothing allows is never left out for one that adds nothing.
func TestChooseKeepsEachPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Sighting {
			var d Sighting
			d.Path = rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "path")
			d.Finding.Allowed, d.AtHead = rapid.Bool().Draw(t, "allowed"), rapid.Bool().Draw(t, "head")
			return d
		}), 1, 40).Draw(t, "list")
		most := rapid.IntRange(1, 20).Draw(t, "most")
		chosen, cut := Choose(list, most)
		var keep []Sighting
		for _, i := range chosen {
			keep = append(keep, list[i])
		}
		has := func(of []Sighting, path string, allowed bool) (there bool) {
			for _, d := range of {
				there = there || d.Path == path && d.Finding.Allowed == allowed
			}
			return there
		}
		missing := 0
		for _, d := range list {
			if !has(keep, d.Path, d.Finding.Allowed) {
				missing++
				if !cut {
					t.Fatal("a path was left out, and that is not said")
				}
				if most > 8 || !d.Finding.Allowed && most > 4 {
					t.Fatalf("%s is left out, allowed %v, where %d are kept", d.Path, d.Finding.Allowed, most)
				}
			}
		}
		if cut && missing == 0 || len(keep) != min(most, len(list)) {
			t.Fatalf("%d kept of %d, cut %v, %d missing", len(keep), len(list), cut, missing)
		}
		if chosen[0] != 0 || !slices.IsSorted(chosen) {
			t.Fatalf("the oldest is left out, or the order is lost: %v", chosen)
		}
	})
}
