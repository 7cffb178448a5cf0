package detecttest_test

import (
	"regexp"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestShapes(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(int64) string{
		`^sk_live_[A-Za-z0-9]{42}$`: func(s int64) string { return detecttest.Key(s, detect.Live) },
		`^sk_test_[A-Za-z0-9]{42}$`: func(s int64) string { return detecttest.Key(s, detect.Test) },
		`^test_[A-Za-z0-9]{34}$`:    func(s int64) string { return detecttest.LegacyKey(s, detect.Test) },
		`^whsec_[A-Za-z0-9+/]{32}$`: detecttest.WebhookSecret,
		`^ak_[A-Za-z0-9]{44}$`:      detecttest.MachineSecretKey,
		`^ak_[A-Za-z0-9]{32}$`:      detecttest.APIKey,
		`^[0-9a-f]{64}$`:            detecttest.EncryptionKey,
		`^https://dashboard\.clerk\.com/apps/claim\?token=[a-z0-9]{40}$`: detecttest.ClaimURL,
	}
	for shape, make := range shapes {
		seen := map[string]bool{}
		for seed := range int64(200) {
			s := make(seed)
			if !regexp.MustCompile(shape).MatchString(s) {
				t.Fatalf("seed %d does not have the shape %s", seed, shape)
			}
			if s != make(seed) {
				t.Fatalf("%s: seed %d gives two credentials", shape, seed)
			}
			if seen[s] {
				t.Fatalf("%s: seed %d repeats an earlier credential", shape, seed)
			}
			seen[s] = true
		}
	}
}
