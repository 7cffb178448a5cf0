package detect

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"
)

// webhookBody is the length of the base64 of 24 bytes behind whsec_.
const webhookBody = 32

// webhookRule is for webhook signing secrets. The shape is measured (14 of 14), but it is Svix's and others use it too, Stripe
// among them: only what is around tells whose it is, see [webhookOwner].
var webhookRule = rule{
	anchors: []string{"whsec_"},
	words:   []string{"whsec"},
	starts:  []string{"whsec_"},
	depth:   inTorn,
	steps:   800,

	plausible: func(text []byte, at int) bool { return begins(text, at, "whsec_", webhookBody) },
	find:      findWebhook,
	genuine: func(m *match) bool {
		body := m.value[len("whsec_"):]
		return !strings.ContainsAny(body, "-_=") && !all(body, encoding.IsHexDigit) && hasClasses(body) && secretLooking(body, 3.7)
	},
	judge: judgeWebhook,

	shown:  []string{"whsec_"},
	masked: []string{"whsec_"},
}

func findWebhook(t *token, v *view, at int) (match, bool) {
	const length = len("whsec_") + webhookBody
	t.read(v.text, at, length+2)
	if !t.has("whsec_") || t.n < length || !t.bounded(v.text, length) {
		return match{}, false
	}
	return t.match(length), true
}

func judgeWebhook(r *run, _ *match, s *surroundings) (Finding, bool) {
	owner, ok := webhookOwner(s, r.hooks(s))
	return Finding{
		Kind: WebhookSecret, Severity: HighSeverity, Confidence: owner.confidence, Reasons: Reasons{owner.reason}, lacks: owner.lacks,
	}, ok
}

// ownership is how sure it is that a webhook secret is Clerk's.
type ownership struct {
	confidence Confidence
	reason     Reason
	lacks      lack
}

// webhookOwner judges by a webhook secret's surroundings, and by what its text says of webhooks, whether it is Clerk's. It
// returns false where it is another's.
func webhookOwner(s *surroundings, hooks hooks) (ownership, bool) {
	other := namesVendor(s.near, lineVendors)
	switch clerk := namesClerk(s.variable); {
	case clerk && namesVendor(s.variable, otherVendors, webhookVendors):
		return ownership{LowConfidence, Reason{AssignedToOtherToo, s.variable}, lacksNothing}, true
	case clerk:
		return ownership{HighConfidence, Reason{AssignedTo, s.variable}, lacksNothing}, true
	case namesVendor(s.variable, otherVendors, webhookVendors), namesVendor(s.line, lineVendors), slices.ContainsFunc(stripeSigns, func(sign string) bool { return strings.Contains(s.near, sign) }):
		return ownership{}, false
	case hooks.stripe && !hooks.svix && !hooks.verify:
		return ownership{}, false
	case namesClerk(s.line) && !other:
		return ownership{HighConfidence, Reason{Code: ClerkOnLine}, lacksNothing}, true
	case namesClerk(s.line):
		return ownership{MediumConfidence, Reason{Code: ClerkOnLine}, lacksNothing}, true
	case namesClerk(s.near) && !other:
		return ownership{HighConfidence, Reason{Code: ClerkNearby}, lacksNothing}, true
	case namesClerk(s.near):
		return ownership{MediumConfidence, Reason{Code: OtherNearbyToo}, lacksNothing}, true
	}
	mine := s.forClerk()
	if len(mine) == 0 && hooks.clerk != "" {
		mine = Reasons{{ClerkInFile, hooks.clerk}}
	}
	own := isWebhookName(s.variable)
	switch {
	case len(mine) > 0 && own && !hooks.stripe:
		return ownership{MediumConfidence, mine[0], lacksNothing}, true
	case len(mine) > 0:
		return ownership{LowConfidence, mine[0], lacksNothing}, true
	case other:
		return ownership{}, false
	case hooks.svix && own:
		return ownership{LowConfidence, Reason{Code: SvixInFile}, lacksRepository}, true
	default:
		return ownership{LowConfidence, Reason{Code: OwnerUnknown}, lacksPath}, true
	}
}

// webhookWords may be in the name of a webhook secret that does not say whose it is.
var webhookWords = [...]string{
	"webhook", "webhooks", "hook", "hooks", "wh", "whsec", "secret", "secrets", "signing", "signature", "svix", "key", "token", "verify",
	"verification", "user", "users", "auth", "sync", "next", "public", "nuxt", "vite", "app", "api", "server", "backend", "my", "the", "test",
	"e2e", "dev", "development", "staging", "preview", "prod", "production", "live", "local", "default", "old", "new", "value", "val", "name",
	"const", "var", "let", "env", "config", "settings", "options", "process", "this", "self", "string", "s",
}

// isWebhookName reports whether name may be that of anybody's webhook secret. A further word most often says whose it is:
// GUESTY_SVIX_SECRET.
func isWebhookName(name string) bool {
	for _, w := range words(name) {
		if !slices.Contains(webhookWords[:], w) {
			return false
		}
	}
	return true
}
