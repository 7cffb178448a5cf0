package webhook

import (
	"strings"
	"time"
)

// ZeroSHA stands where there is no commit: before a ref's creation, after its deletion.
const ZeroSHA = "0000000000000000000000000000000000000000"

// Event is one decoded delivery: a pointer to one of the structs of this package that embed [Common].
type Event interface {
	// About returns what all events hold.
	About() Common
}

// Common is what all events hold. What a delivery does not name is zero: hooks that do not belong to an App have no
// installation, and installation events have no repository.
type Common struct {
	Action         string
	InstallationID int64
	Repository     Repository
	Sender         Account
}

// About returns c; with it, every struct that embeds Common is an [Event].
func (c Common) About() Common { return c }

// Repository is a repository as events name it. Installation events tell only ID, Owner, Name and Private.
type Repository struct {
	ID                int64
	Owner             string
	Name              string
	DefaultBranch     string
	Private, Archived bool
}

// Account is a person, an organisation, an enterprise or a bot. An enterprise's Login is its slug.
type Account struct {
	ID    int64
	Login string
	Type  string // User, Organization, Bot, Enterprise, Mannequin
}

// Push says that a ref was created, moved or deleted.
type Push struct {
	Common
	Ref             string // refs/heads/main; the bytes as they came
	Before, After   string // object ids; ZeroSHA for none
	Deleted, Forced bool
	HeadCommitID    string   // "" on deletion
	PusherLogin     string   // only where the sender pushed: GitHub's pusher has a name alone
	Commits         []string // object ids of the listed commits, of all that the ref got: at most 2,048
	Distinct        []string // those of them that were not pushed before, to any ref
	DotGitHub       []string // paths below .github/ that the listed commits touched: at most 2,048 commits
	// NamesPackages is set where the listed commits touched a file that names packages, and where not all commits are listed.
	NamesPackages bool
}

// IsTag reports whether a tag was pushed.
func (p *Push) IsTag() bool { return strings.HasPrefix(p.Ref, "refs/tags/") }

// Branch returns the branch's name, or "" if something else than a branch was pushed.
func (p *Push) Branch() string {
	name, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok {
		return ""
	}
	return name
}

// PullRequest is a pull request's change.
type PullRequest struct {
	Common
	Number  int
	HeadSHA string
	HeadRef string
	BaseSHA string
	BaseRef string // branch that it is to be merged into
	NewBase bool   // with edited: it was to be merged into another branch before
	Author  Account
	// Association is what the author is to the base repository: OWNER, MEMBER, COLLABORATOR, CONTRIBUTOR, NONE …
	Association string
	Fork        bool   // the head is in another repository than the base, or in a deleted one
	NodeID, URL string // as Post's
	Title, Body string // "" when GitHub has none
	Former      Former
	Updated     time.Time // zero where GitHub does not say
}

// MergeGroup is a merge queue's group; its Action checks_requested waits for our check run.
type MergeGroup struct {
	Common
	HeadSHA, HeadRef string
	BaseSHA          string
}

// CheckRun is a check run's change. The actions rerequested and requested_action (with RequestedAction, the button's
// identifier) come from people; the others come from ourselves and from other Apps.
type CheckRun struct {
	Common
	ID              int64
	HeadSHA         string
	Before          string // what the ref pointed to before the push; "" where GitHub does not say
	AppID           int64
	ExternalID      string
	RequestedAction string
	PullRequests    []PullRequestEnds // empty for forks
}

// CheckSuite is a check suite's change.
type CheckSuite struct {
	Common
	HeadSHA      string
	Before       string // as CheckRun's
	AppID        int64
	PullRequests []PullRequestEnds // empty for forks
}

// PullRequestEnds are both ends of a pull request that a check belongs to.
type PullRequestEnds struct {
	Number           int
	HeadSHA, BaseSHA string
}

// Installation says that the App was installed or removed, suspended or not, or given new permissions: its Action is
// created, deleted, suspend, unsuspend or new_permissions_accepted.
type Installation struct {
	Common
	Account      Account
	Repositories []Repository      // nil for suspend and unsuspend
	Permissions  map[string]string // what the installation was granted: issues to write
	Events       []string          // what it is subscribed to
	SettingsURL  string            // where an owner of the account accepts permissions
}

// InstallationRepositories lists the repositories that the installation reaches from now on, and no longer.
type InstallationRepositories struct {
	Common
	Account        Account
	Added, Removed []Repository
}

// Authorization says that a person, its Sender, took back what the App may do in their name: its Action is revoked. It names no
// installation.
type Authorization struct{ Common }

// InstallationTarget says that the account with the installation was renamed.
type InstallationTarget struct {
	Common
	Account   Account
	LoginFrom string
}

// RepositoryChange is the repository event: created, renamed, transferred, publicized, privatized, archived, unarchived,
// edited, deleted.
type RepositoryChange struct{ Common }

// SecretScanningAlert says that something became of an alert of GitHub's secret scanning: its Action is created, publicly_leaked,
// resolved, reopened, validated and more; where Location is set, a place was added to the alert. Neither the secret nor what became
// of the alert is read from the event: GitHub is asked.
type SecretScanningAlert struct {
	Common
	Number   int
	Type     string // of the secret, as GitHub names it: stripe_api_key; for a custom pattern, made from its name
	Name     string // the same for people; for a custom pattern, its name
	Location bool
}

// Ping is GitHub's first delivery to a new hook.
type Ping struct{ Common }
