package respond

import "github.com/rekey-app/rekey/detect"

// kindNames are what people call the kinds of credentials, in the singular and in the plural.
var kindNames = map[detect.Kind][2]string{
	detect.SecretKey:         {"secret key", "secret keys"},
	detect.LegacyAPIKey:      {"legacy API key", "legacy API keys"},
	detect.WebhookSecret:     {"webhook signing secret", "webhook signing secrets"},
	detect.MachineSecretKey:  {"machine secret key", "machine secret keys"},
	detect.PlatformAPIKey:    {"platform API key", "platform API keys"},
	detect.APIKey:            {"user's API key", "users' API keys"},
	detect.OAuthClientSecret: {"OAuth client secret", "OAuth client secrets"},
	detect.EncryptionKey:     {"encryption key", "encryption keys"},
	detect.ClaimURL:          {"claim URL", "claim URLs"},
	ExposedKey:               {"secret key exposed by advisory", "secret keys exposed by advisory"},
}

// KindName is what people call a kind of credential, in the singular and in the plural.
func KindName(kind detect.Kind) (one, many string) {
	if names, known := kindNames[kind]; known {
		return names[0], names[1]
	}
	return "credential", "credentials"
}

// EnvironmentName is what Clerk's dashboard calls the environment, in lower case; "" where the credential names none.
func EnvironmentName(env detect.Environment) string {
	switch env {
	case detect.Live:
		return "production"
	case detect.Test:
		return "development"
	}
	return ""
}

// Describe names a credential by its environment and kind: "production secret key".
func Describe(kind detect.Kind, env detect.Environment) string {
	one, _ := KindName(kind)
	if name := EnvironmentName(env); name != "" {
		return name + " " + one
	}
	return one
}
