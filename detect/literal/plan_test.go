package literal

import (
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestPlanAsText(t *testing.T) {
	t.Parallel()
	literals := append(forms(), "a b\n\"c\"", "\x00\x01\x02\x7f")
	p := planned(literals)
	again, err := ParsePlan(p.String())
	if err != nil || !maps.Equal(p, again) {
		t.Fatalf("%v: read again, %v is %v", err, p, again)
	}
	for _, text := range []string{"", "abcd 0 0", `"abcd" 0`, `"abcd" x 1`, `"abcd`} {
		if p, err := ParsePlan(text); err == nil {
			t.Errorf("ParsePlan(%q) = %v", text, p)
		}
	}
}

func TestCompileRefusesPlans(t *testing.T) {
	t.Parallel()
	if _, err := Compile([]string{"abcde"}, Plans{nil, {}}); err == nil {
		t.Error("a plan for AVX2 without the literal was accepted")
	}
	for _, p := range []Plan{{}, {"abcde": {2, 0}}, {"abcde": {-1, 0}}, {"abcde": {0, 8}}, {"abcde": {0, -1}}} {
		if _, err := Compile([]string{"abcde"}, Plans{p}); err == nil {
			t.Errorf("a plan of %v was accepted", p)
		}
	}
	if _, err := Compile([]string{"abcde"}, Plans{{"abcde": {1, 7}}, {"abcde": {0, 0}}, {"abcde": {1, 3}}}); err != nil {
		t.Error(err)
	}
}

// TestAnneal holds that a plan is the same each time, names every literal, and stops less often than any plan.
func TestAnneal(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("task_type := disk_lib[mask_key] // a deliverable, the latest_thing ", 100)
	samples := Samples([]byte(text), 1)
	for _, sight := range []Sight{Bytes, Halves, Pairs} {
		testAnneal(t, samples, sight)
	}
}

func testAnneal(t *testing.T, samples []Sample, sight Sight) {
	t.Helper()
	plan, cost := Anneal(forms(), samples, sight, 2000, 1)
	again, _ := Anneal(forms(), samples, sight, 2000, 1)
	if !maps.Equal(plan, again) {
		t.Error("the same seed gives another plan")
	}
	if len(plan) != len(forms()) {
		t.Errorf("plan of %d literals for %d", len(plan), len(forms()))
	}
	if _, err := Compile(forms(), Plans{plan, plan, plan}); err != nil {
		t.Error(err)
	}
	a := newAnnealer(forms(), samples, sight)
	for i, l := range forms() {
		a.at[i] = planned(forms())[l]
	}
	any := 0.0
	for b := range groups {
		any += a.cost(b)
	}
	if cost*2 > any {
		t.Errorf("annealed to %f, any plan costs %f", cost, any)
	}
}

// TestCrossingIsWhatTheSearchSees holds the planner's idea of a stop against the tables of the search.
func TestCrossingIsWhatTheSearchSees(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	samples := make([]Sample, 20_000)
	for i := range samples {
		l := forms()[rng.IntN(len(forms()))]
		for j := range samples[i].Bytes {
			samples[i].Bytes[j] = l[rng.IntN(len(l))]
		}
		samples[i].Weight = 1
	}
	for _, w := range ways() {
		plan := planned(forms())
		s, err := compile(forms(), Plans{plan, plan, plan}, w)
		if err != nil {
			t.Fatal(err)
		}
		a := newAnnealer(forms(), samples, w.sight())
		for i, l := range forms() {
			a.at[i] = plan[l]
		}
		want, got := 0.0, 0
		for b := range groups {
			if w == portable {
				want += a.cost(b)
			} else {
				want += a.stops(b)
			}
		}
		for _, sample := range samples {
			if w == portable {
				got += int(s.pairs[uint16(sample.Bytes[0])|uint16(sample.Bytes[1])<<8])
			} else {
				got += stops(s, sample.Bytes)
			}
		}
		if want == 0 || want != float64(got) {
			t.Errorf("%s: the planner counts %v stops, the search makes %d", w, want, got)
		}
	}
}
