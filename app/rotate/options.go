package rotate

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// DefaultOverlap is how long old keys keep working where an API ends them.
const DefaultOverlap = 24 * time.Hour

// MaxOverlap is the longest overlap that can be asked for.
const MaxOverlap = manage.MaxOverlap

// Rotates reports whether a kind of credential can be rotated by [Run].
func Rotates(kind detect.Kind) bool {
	_, can := recipeFor(kind)
	return can
}

// Options say what is rotated, and how.
type Options struct {
	Subject     string             // an issue's address, a fingerprint or its first six digits or more, or "" for what the clone holds
	Kind        detect.Kind        // where Subject and the clone do not say; "" otherwise
	Environment detect.Environment // likewise
	Dir         string             // a directory in the clone; "" for the current one

	Only, Skip []string // drivers
	Include    []string // places, as DRIVER:ID, that are written although rekey can't tell whether they should be
	Way        Way      // "" decides by what there is
	Overlap    time.Duration
	Abused     bool // somebody else uses it
	App        string
	Instance   string        // its ID, production or development
	Resource   string        // ID or name of the machine or OAuth application
	New        detect.Secret // the new credential, where a person made it already
	Yes        bool          // do what the plan says without asking
	DryRun     bool          // show the plan and stop
	NoComment  bool          // say nothing on the issue
	Restart    bool          // forget what an earlier run did

	StateDir string // where states are kept
	Person   Person
	Drivers  []destination.Driver
	Clerk    Clerk
	Issues   Issues
	Environ  []string
	Scanner  *detect.Scanner
	Now      func() time.Time
	Pause    func(context.Context, time.Duration) error
}

// Clerk is what is asked of Clerk.
type Clerk interface {
	// Ask asks whether a secret key works, and of which instance it is. It moves the key's "Last used".
	Ask(ctx context.Context, key detect.Secret) (respond.Answer, error)
	// InstanceOf asks which instance a publishable key is of. It moves nothing.
	InstanceOf(ctx context.Context, publishable string) (manage.Instance, error)
	// Platform returns the Platform API with the person's login, and nil where there is none.
	Platform() Platform
	// Backend returns the Backend API with a secret key.
	Backend(key detect.Secret) (Backend, error)
}

// Platform is what is used of Clerk's Platform API, see [manage.Platform].
type Platform interface {
	Applications(ctx context.Context) ([]manage.Application, error)
	RotateSecretKeys(ctx context.Context, app, instance string, overlap time.Duration, reason string) (detect.Secret, error)
	SecretKey(ctx context.Context, app, instance string) (detect.Secret, error)
}

// Backend is what is used of Clerk's Backend API, see [manage.Backend].
type Backend interface {
	Machines(ctx context.Context) ([]manage.Machine, error)
	MachineSecretKey(ctx context.Context, machine string) (detect.Secret, error)
	RotateMachineSecretKey(ctx context.Context, machine string, overlap time.Duration) (detect.Secret, error)
	OAuthApplications(ctx context.Context) ([]manage.OAuthApplication, error)
	RotateOAuthSecret(ctx context.Context, application string) (detect.Secret, error)
}

// Issues is what is done with issues on GitHub, with the person's own login.
type Issues interface {
	// Remote returns the repository on GitHub that a clone is of, and false where it is of none.
	Remote(dir string) (destination.Repository, bool)
	Issue(ctx context.Context, of destination.Repository, number int) (Issue, error)
	// Find returns the open issue of rekey's about the credential with a fingerprint that begins so, and number 0 where there is none.
	Find(ctx context.Context, of destination.Repository, fingerprint string) (issue Issue, number int, err error)
	Comment(ctx context.Context, of destination.Repository, number int, text string) error
}

// Issue is an issue on GitHub.
type Issue struct {
	Title, Body string
	Closed      bool
}
