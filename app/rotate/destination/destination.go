// Package destination says what a place is that a credential is written to, and what all drivers of hosts and stores share: the programs and the
// APIs through which they reach them.
//
// Each driver is a package of its own below this one. All of them pass the suite in destinationtest. They run on the machine of the person who
// rotates a credential, with that person's own logins; the server has none of this.
package destination

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/guide"
)

// Driver reaches one host or store. It keeps nothing between calls but a login, and may be used by one goroutine at a time.
//
// The value that is written travels in the body of a request, or over the standard input of the vendor's own program. It never stands in an
// argument, in the environment of a process, in a file that the vendor does not itself keep it in, or in an error.
type Driver interface {
	// Name is what --only and --skip call it, and what state files keep: lower case, such as "vercel".
	Name() string
	// Look finds where the project keeps the credential, and changes nothing. Where it may read a value it compares it by [Project.Judge] and
	// forgets it. What it could not look at it says in [Survey.Problems]; it has no errors. A host that the project does not use costs no request.
	Look(ctx context.Context, p Project) Survey
	// Write sets the place's variable to the value, and changes nothing else there. Written twice, the value stands there as if written once, so
	// that a write whose answer was lost may be repeated.
	Write(ctx context.Context, place Place, value detect.Secret) error
	// Check says how sure it is that the place holds the value, which was written at the time since or later.
	Check(ctx context.Context, place Place, value detect.Secret, since time.Time) (Proof, error)
	// Redeploy makes what runs take the values that were written, of the code that runs already: it never ships a newer commit. It is called
	// only for a unit that says [Unit.Redeploys].
	Redeploy(ctx context.Context, unit Unit) (Deployment, error)
	// Deployed asks how far a deployment is.
	Deployed(ctx context.Context, d Deployment) (Progress, error)
}

// Project is what is rotated, for the drivers: which variables to look for, and what shows where they are kept.
type Project struct {
	Dir         string             // root of the clone on this machine; "" without one
	Files       guide.Files        // the files that git tracks; never nil, safe for concurrent use, and List is the caller's own
	Repository  Repository         // on GitHub; zero where it is none
	Variables   []string           // names under which the credential is kept, the likeliest first; never empty
	Environment detect.Environment // of the credential: of production, or of development
	// Judge compares a value that stands in a place with the compromised credential. It is safe for concurrent use, and keeps nothing.
	Judge func(value string) Holding
}

// Repository is a repository on GitHub.
type Repository struct {
	Host        string // "github.com", or a GitHub Enterprise Server
	Owner, Name string
}

// IsZero reports whether there is none.
func (r Repository) IsZero() bool { return r.Name == "" }

// String returns owner/name.
func (r Repository) String() string { return r.Owner + "/" + r.Name }

// Survey is what a driver found.
type Survey struct {
	Used     bool      // the project uses this host, by what its files or its host say
	Because  string    // what shows that: "fly.toml"; for people, in a few words
	Account  string    // whose login was used: "ada (team acme)"; "" where nobody is logged in
	Places   []Place   // in a stable order
	Problems []Problem // what kept it from seeing all there is
}

// Problem is something that a driver could not do, and what a person can do about it.
type Problem struct {
	What string // "nobody is logged in to Vercel"
	Next string // "run vercel login, or set VERCEL_TOKEN"
}

// Place is a variable in one scope of one host or store. It is kept in state files: it holds no value.
type Place struct {
	Driver   string    `json:"driver"`
	ID       string    `json:"id"`       // by which the driver finds it again, unique within the driver
	Title    string    `json:"title"`    // for people: "Vercel project shop, production"
	Variable string    `json:"variable"` // what it is called there: "CLERK_SECRET_KEY"
	Scope    Scope     `json:"scope,omitempty"`
	Holding  Holding   `json:"holding,omitempty"`
	Updated  time.Time `json:"updated,omitzero"` // when its value was last set; zero where nobody says
	Unit     Unit      `json:"unit,omitzero"`    // what runs with it; zero for what runs nothing
	Note     string    `json:"note,omitempty"`   // what a person should know before it is written, as one sentence
}

// SetSince reports whether a value that can't be read was set after the place was looked at, by what its host says now. Clocks differ: since, which is this
// machine's, counts only where the host did not say before when the value was set.
func (p Place) SetSince(updated, since time.Time) bool {
	if !p.Updated.IsZero() {
		return updated.After(p.Updated)
	}
	return !updated.Before(since.Add(-skew))
}

// skew is how far this machine's clock and a host's may be apart.
const skew = time.Minute

// Scope is for which deployments a place counts.
type Scope string

// The scopes. Places of hosts that do not tell them apart have none.
const (
	Production  Scope = "production"
	Preview     Scope = "preview"
	Development Scope = "development"
)

// Fits reports whether a credential of that environment belongs into the scope, as far as can be said without knowing the value. Clerk has production
// instances and development instances; previews run on the latter. sure is false where the scope says nothing.
func (s Scope) Fits(env detect.Environment) (fits, sure bool) {
	switch {
	case s == "", env != detect.Live && env != detect.Test:
		return false, false
	case s == Production:
		return env == detect.Live, true
	}
	return env == detect.Test, true
}

// Holding is what is known of the value in a place.
type Holding string

// The holdings.
const (
	Nothing     Holding = ""            // the variable is not set there
	Compromised Holding = "compromised" // the credential that is rotated
	Same        Holding = "same"        // another credential, of the same kind and environment
	Other       Holding = "other"       // something else: another environment, a reference, a placeholder
	Unreadable  Holding = "unreadable"  // something that only the host can read
)

// Unit is what is deployed together, and so takes new values together: a project, an app, a service. It is kept in state files.
type Unit struct {
	Driver    string `json:"driver"`
	ID        string `json:"id"`    // unique within the driver
	Title     string `json:"title"` // for people: "Vercel project shop (production)"
	Takes     Takes  `json:"takes"`
	ByHand    string `json:"by_hand,omitempty"` // for [TakesByHand]: what a person does, as a sentence
	Redeploys string `json:"redeploys,omitempty"`
}

// Takes is how what runs takes a value that was written.
type Takes string

// How units take values.
const (
	TakesAtOnce     Takes = "at once"     // the write itself restarts or deploys it
	TakesByRedeploy Takes = "by redeploy" // [Driver.Redeploy] does; [Unit.Redeploys] says what that does, for people
	TakesNextRun    Takes = "next run"    // whatever runs next reads it: a workflow, a command on this machine
	TakesByHand     Takes = "by hand"     // a person has to
)

// Proof is how sure it is that a place holds the new value.
type Proof string

// The proofs.
const (
	ReadBack Proof = "read back" // the value was read again, and is the new one
	Touched  Proof = "touched"   // the host says that the value was set since; it cannot be read
	Unproven Proof = "unproven"  // the host took it, and says nothing more
	Stale    Proof = "stale"     // it is not the new value
)

// Deployment is one that was asked for. It is kept in state files.
type Deployment struct {
	Unit Unit   `json:"unit"`
	ID   string `json:"id"`
	URL  string `json:"url,omitempty"` // where a person sees it
}

// Progress is how far a deployment is.
type Progress struct {
	State  DeploymentState
	Detail string // why it failed, in the host's words; "" otherwise
}

// DeploymentState is how far.
type DeploymentState string

// The states.
const (
	Deploying DeploymentState = "deploying"
	Live      DeploymentState = "live"
	Failed    DeploymentState = "failed"
)
