package scan

import (
	"fmt"
	"strings"

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
			"add a new key in Clerk's dashboard, and put it everywhere the old one is used",
			"deploy",
			`delete the old key in the dashboard once its "Last used" stands still`,
		}
	case detect.PlatformAPIKey:
		return []string{
			"delete it in the settings of your Clerk workspace now: it opens every application",
			"rotate the secret keys of all applications",
		}
	case detect.WebhookSecret:
		return []string{
			"add a second endpoint with the same URL and events, and put its signing secret in place",
			"deploy, send a test event, delete the old endpoint",
		}
	case detect.ClaimURL:
		return []string{"claim the application yourself now, or delete .clerk/ and let Clerk make another"}
	case detect.EncryptionKey:
		return []string{"make another (openssl rand -hex 32), put it in place, deploy"}
	case detect.OAuthClientSecret:
		return []string{"rotate the client secret of the OAuth application in Clerk's dashboard, and give it to its clients"}
	case detect.MachineSecretKey:
		return []string{"rotate the machine's secret key in Clerk's dashboard, put the new one in place, deploy"}
	}
	return []string{"revoke it in Clerk, and make another where it is used"}
}

func withArticle(noun string) string {
	if strings.ContainsRune("AEIOUaeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// advice says what to do about each kind that was found.
func (s Style) advice(b *strings.Builder, groups [][]Hit) {
	if len(groups) == 0 {
		return
	}
	told := map[string]bool{}
	for _, g := range groups {
		steps := adviceFor(g[0].Kind)
		if told[steps[0]] {
			continue
		}
		told[steps[0]] = true
		fmt.Fprintf(b, "%s\n", s.paint(bold, "What to do about "+withArticle(kindWords(g[0].Kind))))
		for i, step := range steps {
			fmt.Fprintf(b, "  %d. %s\n", i+1, step)
		}
	}
	b.WriteString("Deleting the line does not help: the credential works until it is revoked at Clerk.\n")
	b.WriteString(s.paint(faint, "A false alarm? Put its fingerprint into "+IgnoreFile+", with a # comment that says why.") + "\n\n")
}

func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
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
