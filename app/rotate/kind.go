package rotate

import (
	"regexp"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// recipe is how one kind of credential is rotated.
type recipe struct {
	noun      string   // short, for a text that has named it: "key"
	variables []string // under which it is kept, the likeliest first
	create    string   // what a person does in Clerk's dashboard, as a sentence
	page      string   // where; "" where no address is known
	api       api      // which of Clerk's APIs can do it
	proves    bool     // a new one shows by a question to Clerk that it works, and of which instance it is
	generated bool     // nobody gives it out: it is made here
	end       string   // what a person does to end the old one, as a sentence with OLD and PAGE; "" where the new one ended it
	warning   string   // what goes down meanwhile, as a sentence; "" for nothing
	written   bool     // there is a new value that has to be written
}

// api is one of Clerk's APIs that rotates credentials.
type api string

const (
	noAPI       api = ""
	platformAPI api = "platform" // with a person's login to Clerk
	machineAPI  api = "machine"  // with the instance's secret key
	oauthAPI    api = "oauth"    // with the instance's secret key
)

// recipeFor returns how a kind is rotated, and false for kinds that nobody but their user can.
func recipeFor(kind detect.Kind) (recipe, bool) {
	page := guide.Page(kind)
	switch kind {
	case detect.SecretKey, detect.LegacyAPIKey:
		return recipe{
			noun: "key", variables: []string{"CLERK_SECRET_KEY", "NUXT_CLERK_SECRET_KEY", "CLERK_API_KEY"}, page: page, api: platformAPI, proves: true, written: true,
			create: "Add a new secret key, and copy it: Clerk shows it only once. The old one keeps working.",
			end:    "You delete OLD on PAGE, once its \"Last used\" no longer changes.",
		}, true
	case detect.WebhookSecret:
		return recipe{
			noun: "secret", variables: []string{"CLERK_WEBHOOK_SIGNING_SECRET", "CLERK_WEBHOOK_SECRET", "NUXT_CLERK_WEBHOOK_SIGNING_SECRET", "WEBHOOK_SECRET"}, page: page, written: true,
			create:  "Add a second endpoint with the same URL and events as the old one, and copy its Signing Secret.",
			end:     "Send a test event from the new endpoint, then delete the old endpoint.",
			warning: "Deliveries to the old endpoint fail from the deployment on, until you delete it. Nothing is lost: the new endpoint gets them too.",
		}, true
	case detect.MachineSecretKey:
		return recipe{
			noun: "key", variables: []string{"CLERK_MACHINE_SECRET_KEY"}, page: page, api: machineAPI, written: true,
			create: "Open the machine, rotate its secret key with a grace period, and copy the new one.",
		}, true
	case detect.OAuthClientSecret:
		return recipe{
			noun: "secret", variables: []string{"CLERK_OAUTH_CLIENT_SECRET"}, page: page, api: oauthAPI, written: true,
			create:  "Open the OAuth application, rotate its client secret, and copy the new one: Clerk shows it only once.",
			warning: "THE OLD SECRET STOPS WORKING THE MOMENT YOU ROTATE IT. Sign-in through this client fails until the new one is deployed.",
		}, true
	case detect.EncryptionKey:
		return recipe{
			noun: "key", variables: []string{"CLERK_ENCRYPTION_KEY"}, written: true, generated: true,
			create:  "rekey makes a new key on this machine: 32 random bytes, in hexadecimal digits.",
			warning: "Deploy all servers at once: one with the old key can't read what a middleware with the new one wrote.",
		}, true
	case detect.PlatformAPIKey:
		return recipe{
			noun: "key", variables: []string{"CLERK_PLATFORM_API_KEY"}, written: true,
			create:  "Delete the leaked key in the settings of your Clerk workspace, where its API keys are listed, and add a new one there.",
			warning: "Whoever had this key could read the secret keys of ALL applications. Rotate those next, production first: run rekey rotate for each.",
		}, true
	case detect.ClaimURL:
		return recipe{
			noun: "link", create: "Claim the application: run the app, and follow the claim link that it shows. Or delete the folder .clerk/ and Clerk's keys in .env.local, and let the SDK create another.",
		}, true
	}
	return recipe{}, false
}

// shape is what a value looks like.
type shape struct {
	kind        detect.Kind
	environment detect.Environment
}

var shapes = sync.OnceValue(func() []struct {
	pattern *regexp.Regexp
	kind    detect.Kind
} {
	return []struct {
		pattern *regexp.Regexp
		kind    detect.Kind
	}{
		{regexp.MustCompile(`^sk_(live|test)_[A-Za-z0-9]{30,64}$`), detect.SecretKey},
		{regexp.MustCompile(`^(live|test)_[A-Za-z0-9]{30,40}$`), detect.LegacyAPIKey},
		{regexp.MustCompile(`^whsec_[A-Za-z0-9+/=]{24,64}$`), detect.WebhookSecret},
		{regexp.MustCompile(`^ak_[A-Za-z0-9+/=_-]{20,}$`), detect.MachineSecretKey},
	}
})

// shapeOf reads a value's prefix and length. It says nothing of kinds without a prefix.
func shapeOf(value string) shape {
	for _, s := range shapes() {
		if m := s.pattern.FindStringSubmatch(value); m != nil {
			out := shape{kind: s.kind}
			if len(m) > 1 {
				out.environment = detect.Environment(m[1])
			}
			return out
		}
	}
	return shape{}
}

// plausible says what is wrong with a value that was given as the new credential, "" where nothing is. Clerk has the last word.
func (s Subject) plausible(value string) string {
	switch {
	case value == "":
		return "nothing was given"
	case strings.ContainsAny(value, " \t\r\n"):
		return "it has a space or a line break in it"
	case s.Fingerprint != "" && detect.NewSecret(value).Fingerprint() == s.Fingerprint:
		return "it is the old one"
	}
	wanted := s.Kind
	if wanted == detect.LegacyAPIKey {
		wanted = detect.SecretKey // what takes its place
	}
	switch got := shapeOf(value); {
	case wanted == detect.SecretKey && strings.HasPrefix(value, "pk_"):
		return "it is a publishable key: the secret key begins with sk_"
	case wanted == detect.SecretKey && got.kind != detect.SecretKey, wanted == detect.WebhookSecret && got.kind != wanted:
		return "it does not look like one"
	case wanted == detect.SecretKey && s.Environment != "" && got.environment != s.Environment:
		return "it is of " + environmentWord(got.environment) + ", and the old one of " + environmentWord(s.Environment)
	case wanted == detect.MachineSecretKey && got.kind != wanted, wanted == detect.PlatformAPIKey && got.kind != detect.MachineSecretKey:
		return "it does not look like one: they begin with ak_"
	}
	return ""
}
