package scan

import (
	"strings"

	"github.com/rekey-app/rekey/detect"
)

func kindName(k detect.Kind) string {
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

func environmentName(e detect.Environment) string {
	if e == detect.Live {
		return "production"
	}
	return "development"
}

// dashboardPage is where Clerk's dashboard lists credentials of that kind; "" where no address is known.
func dashboardPage(k detect.Kind) string {
	var page string
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
			"delete it in the settings of your Clerk workspace now: it gives access to every application",
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
		return []string{"rotate the client secret of the OAuth application in Clerk's dashboard, and set the new one in its clients"}
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
