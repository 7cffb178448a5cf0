package text

import (
	"fmt"
	"strconv"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// kindName is what people call a kind of credential, in the singular and in the plural.
func kindName(kind detect.Kind) (one, many string) {
	switch kind {
	case detect.SecretKey:
		return "secret key", "secret keys"
	case detect.LegacyAPIKey:
		return "legacy API key", "legacy API keys"
	case detect.WebhookSecret:
		return "webhook signing secret", "webhook signing secrets"
	case detect.MachineSecretKey:
		return "machine secret key", "machine secret keys"
	case detect.PlatformAPIKey:
		return "platform API key", "platform API keys"
	case detect.APIKey:
		return "user's API key", "users' API keys"
	case detect.OAuthClientSecret:
		return "OAuth client secret", "OAuth client secrets"
	case detect.EncryptionKey:
		return "encryption key", "encryption keys"
	case detect.ClaimURL:
		return "claim URL", "claim URLs"
	}
	return "credential", "credentials"
}

// environmentName is what Clerk's dashboard calls the environment, in lower case; "" where the credential names none.
func environmentName(env detect.Environment) string {
	switch env {
	case detect.Live:
		return "production"
	case detect.Test:
		return "development"
	}
	return ""
}

// describe names a leak: "production secret key".
func describe(l respond.Leak) string {
	one, _ := kindName(l.Kind)
	if env := environmentName(l.Environment); env != "" {
		return env + " " + one
	}
	return one
}

// redacted is what of the credential may be shown. A claim URL is shown by nothing but its name.
func redacted(l respond.Leak) string {
	if l.Redacted == "" || l.Redacted == "…" {
		return "…"
	}
	return l.Redacted
}

// count writes a number with its noun: "1 commit", "3 commits".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return group(n) + " " + many
}

// group writes a number with spaces between its thousands.
func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

func size(n int64) string {
	const unit = 1024
	if n < unit {
		return count(int(n), "byte", "bytes")
	}
	f, names := float64(n)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for f >= unit && len(names) > 1 {
		f, names = f/unit, names[1:]
	}
	if f < 10 {
		return fmt.Sprintf("%.1f %s", f, names[0])
	}
	return fmt.Sprintf("%.0f %s", f, names[0])
}

// elapsed writes a duration as people say it: "40 ms", "2.5 s", "3 min", "2 h 5 min", "3 days".
func elapsed(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		h := int(d.Hours())
		if m := int(d.Minutes()) % 60; m > 0 {
			return fmt.Sprintf("%d h %d min", h, m)
		}
		return fmt.Sprintf("%d h", h)
	}
	return count(int(d.Hours()/24), "day", "days")
}

func date(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

func short(commit string) string {
	if len(commit) > 7 {
		return commit[:7]
	}
	return commit
}
