package text

import (
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

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

// describe names a leak: "production secret key".
func describe(l respond.Leak) string { return respond.Describe(l.Kind, l.Environment) }

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
