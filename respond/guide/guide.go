package guide

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// Leak is what the instructions need to know of a leaked credential. It holds no credential.
type Leak struct {
	Kind        detect.Kind
	Environment detect.Environment
	Redacted    string     // public prefix and last four characters
	Instance    string     // Frontend API host of a publishable key nearby: probably this instance; "" if unknown
	Dashboard   string     // exact API-keys page, where the leaking file names it; "" if unknown
	Variable    string     // name that the credential is assigned to; "" if none
	Browser     bool       // that name ships the value to browsers
	Paths       []string   // where it ever leaked; only to tell which part of a monorepo is concerned
	Head        []Location // where it still is in the files
	Branch      string     // the branch whose files these are, where that is not the default one
	Hide        bool       // nothing may be told of where it leaked: strangers read this
	Repository  string     // owner/name, for commands; "" if unknown

	Upgrade *Upgrade // of a secret key that a mistake in a package gave away; nil: it leaked in a text

	Found   time.Time            // when the leak was found
	Updated map[Secret]time.Time // when secrets of GitHub Actions were last set; of those that are not in it nobody knows
}

// Location is a place in the files where the credential is.
type Location struct {
	Path   string
	Line   int    // from 1; 0 where it is not known
	Member string // path inside the archive that Path is, "" for the file itself
}

// Files are the repository's files at one commit, with the leaked credential masked. Reading happens on demand; nothing
// is executed.
type Files interface {
	// List returns the paths of all files, slash-separated, in any order.
	List() []string
	// Read returns the content of one file, and false where it does not exist or is too large to be configuration.
	Read(path string) ([]byte, bool)
}

// Step is one thing to do. Title is a short imperative; Text is Markdown, and may be empty.
type Step struct {
	Do          Action
	Title, Text string
	Short       string // Text behind a list that says the same at length; "" for Text
}

// Action is what a step does, for callers that follow the steps without reading them, such as tests.
type Action string

// The actions. Steps that are none of them prepare or explain.
const (
	Create Action = "create" // the new credential comes into being; the old one keeps working, unless it says otherwise
	Set    Action = "set"    // the host or store gets the new credential
	Change Action = "change" // a commit that takes the old credential out of a file
	Deploy Action = "deploy" // what runs is that commit, with what was set
	Check  Action = "check"  // Clerk shows the new credential in use
	Delete Action = "delete" // the old credential stops working
	Report Action = "report" // rekey is told
)

// Guide is the whole of the instructions for one leak. All texts are Markdown.
type Guide struct {
	Fastest string // a command that does all of it; "" for none. [For] leaves it empty
	Opens   string // what the credential opens, and what it does not
	Takes   string // how long it takes, and what goes down meanwhile
	Who     string // who in the team can do it
	Steps   []Step // in the order that avoids downtime
	Abused  []Step // the order for a credential that somebody else uses already
	Calm    string // where Abused comes first: how to avoid downtime instead
	After   []Step // what to look at afterwards
	Purge   string // about removing it from git's history
}

// For returns the instructions for the leak, fitted to the repository where files is not nil. It reads a bounded number
// of files and bytes, and takes time linear in them. Where ctx ends before that is done, the instructions are general
// ones, as for nil files.
func For(ctx context.Context, l Leak, files Files) Guide {
	if !dashboardPage.MatchString(l.Dashboard) {
		l.Dashboard = ""
	}
	r := survey(ctx, l, files)
	if ctx.Err() != nil && files != nil {
		r = survey(context.WithoutCancel(ctx), l, nil)
	}
	g := kinds(l, r)
	if l.Upgrade == nil {
		g.Purge = purge
	}
	return g
}

func kinds(l Leak, r repository) Guide {
	if l.Upgrade != nil {
		return exposedKey(l, r)
	}
	switch l.Kind {
	case detect.WebhookSecret:
		return webhookSecret(l, r)
	case detect.MachineSecretKey:
		return machineSecretKey(l, r)
	case detect.PlatformAPIKey:
		return platformAPIKey(l, r)
	case detect.APIKey:
		return apiKey(l, r)
	case detect.OAuthClientSecret:
		return oauthClientSecret(l, r)
	case detect.EncryptionKey:
		return encryptionKey(l, r)
	case detect.ClaimURL:
		return claimURL(l, r)
	}
	return secretKey(l, r)
}

// dashboardPage is the only form of page that is linked: the address comes out of a file that anybody may have written.
var dashboardPage = newPattern(`^https://dashboard\.clerk\.com/apps/app_[A-Za-z0-9]{1,40}/instances/ins_[A-Za-z0-9]{1,40}/api-keys$`)
