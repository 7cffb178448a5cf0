package detect

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

const (
	shortestClientSecret = 16
	longestClientSecret  = 128
)

// clientSecret is for the client secrets of applications for which Clerk is the identity provider.
var clientSecret = named{
	kind:     OAuthClientSecret,
	severity: HighSeverity,
	suffixes: []string{"clientsecret", "oauthsecret"},

	others:     socialIn,
	plausible:  func(w tokenWalk) bool { return w.holds(shortestClientSecret) },
	genuine:    func(m *match) bool { return isClientSecret(m.value) },
	confidence: func(name, _ string) Confidence { return clientSecretConfidence(name) },
}

// isClientSecret reports whether value may be the client secret of an application for which Clerk is the identity provider,
// and is no placeholder. Clerk documents no shape and none was measured: length, alphabet and entropy are assumed.
func isClientSecret(value string) bool {
	if n := len(value); n < shortestClientSecret || n > longestClientSecret || !secretLooking(value, 3.2) || !generated(value) {
		return false
	}
	for _, other := range []string{"GOCSPX-", "pk_", "sk_"} { // Google's, and what other rules are for
		if strings.HasPrefix(value, other) {
			return false
		}
	}
	return true
}

// socials are those whose accounts people sign in with through Clerk: their client secrets are not Clerk's. Those that are
// part of other words count only as words of their own.
var socials = []string{
	"google", "github", "gitlab", "facebook", "apple", "microsoft", "discord", "linkedin", "slack", "twitter", "azure", "tiktok",
	"twitch", "spotify", "dropbox", "notion", "bitbucket", "atlassian", "hubspot", "coinbase", "huggingface", "vercel",
	"instagram", "enstall", "epicgames", "roblox", "okta", "auth0", "entra", "salesforce", "shopify", "stripe", "paypal",
}

var socialWords = [...]string{"line", "box", "linear", "xero", "x", "meta", "zoom", "figma", "epic", "steam", "yahoo", "amazon", "aws"}

// socialIn reports whether name is about another provider's client secret: CLERK_LINE_CLIENT_SECRET, clerkTikTokOauthSecret.
func socialIn(name string) bool {
	if namesVendor(plainName(name), socials) {
		return true
	}
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(socialWords[:], w) })
}

// clientWords may stand in the name of a client secret of Clerk's own.
var clientWords = [...]string{
	"oauth", "oauth2", "oidc", "openid", "client", "secret", "app", "application", "idp", "sso", "auth", "api", "id",
	"next", "public", "nuxt", "vite", "react", "expo", "server", "backend", "web", "mobile", "test", "testing", "e2e", "ci", "dev",
	"development", "staging", "stage", "preview", "prod", "production", "live", "local", "my", "the", "default", "old", "new", "mcp",
}

// clientSecretConfidence is medium where all words behind "clerk" may be about Clerk's own client secrets. Any other word is
// most often another provider that people sign in with.
func clientSecretConfidence(name string) Confidence {
	all := words(name)
	for _, w := range all[slices.Index(all, "clerk")+1:] {
		if !slices.Contains(clientWords[:], w) {
			return LowConfidence
		}
	}
	return MediumConfidence
}

// words returns the words of a name in lower case: parted by what is no letter and no digit, and by humps (clerkOauthSecret).
func words(name string) []string {
	var all []string
	start := 0
	end := func(i int) {
		if i > start {
			all = append(all, strings.ToLower(name[start:i]))
		}
		start = i
	}
	for i := range len(name) {
		switch c := name[i]; {
		case !encoding.IsBase62(c):
			end(i)
			start = i + 1
		case i > start && isUpper(c) && (!isUpper(name[i-1]) || i+1 < len(name) && isLower(name[i+1])):
			end(i)
		}
	}
	end(len(name))
	return all
}
