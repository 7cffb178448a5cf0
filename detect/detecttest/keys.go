package detecttest

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// The alphabets of the bodies.
const (
	lowerHex = "0123456789abcdef"
	base36   = "abcdefghijklmnopqrstuvwxyz0123456789"
	base62   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	base64s  = base62 + "+/"
)

// Key returns an instance secret key: sk_live_ or sk_test_ and 42 of base62, as all 81 that were measured in public repositories.
func Key(seed int64, env detect.Environment) string {
	return "sk_" + string(env) + "_" + body(seed, "key", base62, 42)
}

// LegacyKey returns a secret of before 2023: live_ or test_ and 34 of base62, as the three that were measured.
func LegacyKey(seed int64, env detect.Environment) string {
	return string(env) + "_" + body(seed, "legacy", base62, 34)
}

// PublishableKey returns the publishable key of the instance whose Frontend API is host, without padding, as Clerk's
// SDK writes it. It is no secret.
func PublishableKey(env detect.Environment, host string) string {
	return "pk_" + string(env) + "_" + base64.RawStdEncoding.EncodeToString([]byte(host+"$"))
}

// WebhookSecret returns a webhook signing secret: whsec_ and the base64 of 24 bytes, as Svix makes them and all 14 that were
// measured are.
func WebhookSecret(seed int64) string { return "whsec" + "_" + body(seed, "webhook", base64s, 32) }

// MachineSecretKey returns a machine's secret key. Its body is assumed: none was measured.
func MachineSecretKey(seed int64) string { return "ak" + "_" + body(seed, "machine", base62, 44) }

// PlatformAPIKey returns a workspace's Platform API key. Its body is assumed: none was measured.
func PlatformAPIKey(seed int64) string { return "ak" + "_" + body(seed, "platform", base62, 44) }

// APIKey returns the secret of an end user's API key. Its body is assumed: 32 characters, as the example in Clerk's OpenAPI
// description has.
func APIKey(seed int64) string { return "ak" + "_" + body(seed, "apikey", base62, 32) }

// OAuthClientSecret returns a client secret of Clerk as identity provider. Its shape is assumed: Clerk documents none.
func OAuthClientSecret(seed int64) string { return body(seed, "oauth", base62, 32) }

// EncryptionKey returns what `openssl rand -hex 32` would.
func EncryptionKey(seed int64) string { return body(seed, "encryption", lowerHex, 64) }

// ClaimToken returns the token of a keyless application's claim URL: 40 lower-case letters and digits, as all 41 that were
// measured in public repositories.
func ClaimToken(seed int64) string { return body(seed, "claim", base36, 40) }

// ClaimURL returns the claim URL of a keyless application.
func ClaimURL(seed int64) string {
	return "https://dashboard.clerk.com/apps/" + "claim?" + "token=" + ClaimToken(seed)
}

// ID returns an id such as app_… or ins_…: prefix and 27 characters. It is no secret.
func ID(seed int64, prefix string) string { return prefix + body(seed, prefix, base62, 27) }

// ResourceID returns the id of an API key, machine token or OAuth token: prefix (ak_, mt_, oat_) and 32 hexadecimal
// digits. It is no secret.
func ResourceID(seed int64, prefix string) string { return prefix + body(seed, prefix, lowerHex, 32) }

// APIKeysURL returns the address of the API-keys page that keyless.json names.
func APIKeysURL(seed int64) string {
	return "https://dashboard.clerk.com/apps/" + ID(seed, "app_") + "/instances/" + ID(seed, "ins_") + "/api-keys"
}

// KeylessJSON returns the content of .clerk/.tmp/keyless.json as the SDKs write it, in one line.
func KeylessJSON(seed int64, host string) string {
	return `{"publishableKey":"` + PublishableKey(detect.Test, host) + `","secretKey":"` + Key(seed, detect.Test) +
		`","claimUrl":"` + ClaimURL(seed) + `","apiKeysUrl":"` + APIKeysURL(seed) + `"}`
}

// Random returns n characters of alphabet, for look-alikes of other vendors. It looks as random as it is, but holds an
// upper-case letter, a lower-case letter and a digit where the alphabet has them.
func Random(seed int64, alphabet string, n int) string {
	rng := source(seed, "random")
	for {
		if s := draw(rng, alphabet, n); n < 20 || looksRandom(s, alphabet) {
			return s
		}
	}
}

// body returns n characters of alphabet, each drawn on its own. Rare draws are kept, such as those without a digit: a detector
// that loses them loses real credentials too.
func body(seed int64, purpose, alphabet string, n int) string {
	return draw(source(seed, purpose), alphabet, n)
}

func source(seed int64, purpose string) *rand.Rand {
	sum := uint64(14695981039346656037)
	for _, c := range []byte(purpose) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(uint64(seed), sum))
}

func draw(rng *rand.Rand, alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(b)
}

func looksRandom(s, alphabet string) bool {
	for _, class := range []string{"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz", "0123456789"} {
		if strings.ContainsAny(alphabet, class) && !strings.ContainsAny(s, class) {
			return false
		}
	}
	if strings.Contains(alphabet, "+/") && !strings.ContainsAny(s, "+/") {
		return false
	}
	if _, err := hex.DecodeString(s); err == nil && len(alphabet) > 16 {
		return false
	}
	// Four bits a character where the alphabet and the length allow it.
	return entropy(s) >= min(4.1, 0.8*math.Log2(float64(min(len(alphabet), len(s)))))
}

func entropy(s string) float64 {
	var count [256]int
	for i := range len(s) {
		count[s[i]]++
	}
	h := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(s))
			h -= p * math.Log2(p)
		}
	}
	return h
}
