package text

import (
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

// noun is the short name of a kind, for a text that has named it already.
func noun(kind detect.Kind) string {
	switch kind {
	case detect.WebhookSecret, detect.OAuthClientSecret:
		return "secret"
	case detect.ClaimURL:
		return "link"
	}
	return "key"
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

func short(commit string) string {
	if len(commit) > 7 {
		return commit[:7]
	}
	return commit
}
