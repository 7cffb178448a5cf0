package pack

import (
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestJudgeByRepository: what Svix's name alone does not tell, another file of the same pack or repository does.
func TestJudgeByRepository(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	handler := "import { Webhook } from \"svix\";\nconst SVIX_SECRET = \"" + detecttest.WebhookSecret(1) + "\";\n"
	for name, c := range map[string]struct {
		other map[string]string
		want  detect.Confidence
	}{
		"nothing":    {map[string]string{"package.json": `{"dependencies": {"svix": "^1"}}`, "README.md": "the clerk is in"}, detect.LowConfidence},
		"a manifest": {map[string]string{"apps/web/package.json": `{"dependencies": {"@clerk/nextjs": "^7"}}`}, detect.MediumConfidence},
		"an import":  {map[string]string{"auth.go": "import \"github.com/clerk/clerk-sdk-go/v2\"\n"}, detect.MediumConfidence},
		"a key":      {map[string]string{".env": "SECRET=" + detecttest.Key(1, detect.Test) + "\n"}, detect.MediumConfidence},
		"a low one":  {map[string]string{".env": "STRIPE_KEY=" + detecttest.Key(1, detect.Test) + "\n"}, detect.LowConfidence},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepo(t)
			r.Commit("first", c.other)
			r.Commit("second", map[string]string{"hooks/handler.ts": handler})
			report, err := open(t, r.pack([]string{"main"}, nil), Options{}).Scan(t.Context(), s, Range{Heads: []string{r.Head()}})
			if err != nil {
				t.Fatal(err)
			}
			repository, err := OpenRepository(t.Context(), r.Dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer repository.Close()
			history, err := repository.Scan(t.Context(), s, Range{})
			if err != nil {
				t.Fatal(err)
			}
			for _, report := range []Report{report, history} {
				found := 0
				for _, sighting := range report.Sightings {
					f := sighting.Finding
					if f.Kind != detect.WebhookSecret {
						continue
					}
					found++
					if f.Confidence != c.want || f.AsksRepository() != (c.want == detect.LowConfidence) {
						t.Errorf("confidence %s, want %s: %q", f.Confidence, c.want, f.Reasons)
					}
				}
				if found != 1 {
					t.Errorf("%d webhook secrets found, want 1", found)
				}
			}
		})
	}
}
