package scan

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
)

func kindWords(k detect.Kind) string {
	switch k {
	case detect.LegacyAPIKey:
		return "legacy API key"
	case detect.PlatformAPIKey:
		return "Platform API key"
	case detect.APIKey:
		return "API key"
	case detect.OAuthClientSecret:
		return "OAuth client secret"
	case detect.ClaimURL:
		return "claim URL"
	}
	return strings.ReplaceAll(string(k), "_", " ")
}

func environmentWords(e detect.Environment) string {
	if e == detect.Live {
		return "production"
	}
	return "development"
}

// dashboardPage is where Clerk's dashboard lists credentials of that kind; "" where no address is known.
func dashboardPage(k detect.Kind) string {
	page := ""
	switch k {
	case detect.SecretKey, detect.LegacyAPIKey:
		page = "api-keys"
	case detect.WebhookSecret:
		page = "webhooks"
	case detect.MachineSecretKey:
		page = "machines/configure"
	case detect.OAuthClientSecret:
		page = "oauth-applications"
	default:
		return ""
	}
	return "https://dashboard.clerk.com/~/" + page
}

// adviceFor says what to do about a credential of that kind.
func adviceFor(k detect.Kind) []string {
	switch k {
	case detect.SecretKey, detect.LegacyAPIKey:
		return []string{
			"create a new key in Clerk's dashboard, and set it wherever the app reads the old one",
			"deploy",
			`delete the old key in the dashboard once its "Last used" stops changing`,
		}
	case detect.PlatformAPIKey:
		return []string{
			"delete it in the settings of your Clerk workspace now: it opens every application",
			"rotate the secret keys of all applications",
		}
	case detect.WebhookSecret:
		return []string{
			"add a second endpoint with the same URL and events, and set its signing secret in the app",
			"deploy, send a test event, delete the old endpoint",
		}
	case detect.ClaimURL:
		return []string{"claim the application yourself now, or delete .clerk/ and let the SDK create another"}
	case detect.EncryptionKey:
		return []string{"generate a new one (openssl rand -hex 32), set it in the app, deploy"}
	case detect.OAuthClientSecret:
		return []string{"rotate the client secret of the OAuth application in Clerk's dashboard, and give it to its clients"}
	case detect.MachineSecretKey:
		return []string{"rotate the machine's secret key in Clerk's dashboard, set the new one in the app, deploy"}
	}
	return []string{"revoke it in Clerk, and create another where it is used"}
}

func withArticle(noun string) string {
	if strings.ContainsRune("AEIOUaeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// size writes a number of bytes, as respond does.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return plural(n, "byte", "bytes")
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

// elapsed writes a duration, as respond does.
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
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// plural counts things.
func plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(int64(n)) + " " + many
}
