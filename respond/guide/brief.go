package guide

import "github.com/rekey-app/rekey/detect"

// Brief returns what to do about a kind of credential in a few lines of plain text, for where there is no place for the
// whole of the instructions, such as a terminal.
func Brief(kind detect.Kind) []string {
	switch kind {
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

// Page is where Clerk's dashboard lists credentials of that kind; "" where no address is known.
func Page(kind detect.Kind) string {
	switch kind {
	case detect.SecretKey, detect.LegacyAPIKey:
		return apiKeysPage
	case detect.WebhookSecret:
		return webhooksPage
	case detect.MachineSecretKey:
		return machinesPage
	case detect.OAuthClientSecret:
		return oauthPage
	}
	return ""
}
