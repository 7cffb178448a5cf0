// Package aws reaches AWS Secrets Manager and SSM Parameter Store, through the vendor's own program alone: its logins have more forms than are worth having
// twice.
//
// It looks at what the repository's files name for the variable, and at what is called after Clerk in the region that the login is for; never at the
// whole of an account. Of a secret that is a JSON object, one member changes.
//
// On Windows the program reads no request over standard input, and values go nowhere else: there a person sets them, or rekey runs in WSL.
//
// What is uncertain: nothing says which services read a secret, so that people restart them. Secrets Manager's filter finds words; a name that has clerk
// within a word may be missed. Two writers of one object at the same time may lose a change: the API knows no versions to write upon.
package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "aws"

// Driver is a [destination.Driver].
type Driver struct {
	tools  *destination.Tools
	system string   // as of runtime.GOOS
	who    identity // zero before it is asked for
}

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{tools: m.Tools(), system: runtime.GOOS} }

// Name returns "aws".
func (*Driver) Name() string { return name }

var errWindows = errors.New("on Windows the AWS CLI takes no value over standard input: run rekey in WSL, or set the value in the AWS console")

// Look reads what the files name, and what is called after Clerk.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	refs, because := names(p)
	s := destination.Survey{Used: because != "", Because: because}
	if !s.Used {
		return s
	}
	if d.system == "windows" {
		what, next, _ := strings.Cut(errWindows.Error(), ": ")
		s.Problems = append(s.Problems, destination.Problem{What: what, Next: next})
		return s
	}
	who, err := d.identity(ctx)
	if err != nil {
		s.Problems = append(s.Problems, destination.Problem{What: "check the login on AWS: " + err.Error(), Next: next(err)})
		return s
	}
	s.Account = destination.Quote(fmt.Sprintf("%s (%s)", who.Account, who.ARN), detect.Secret{})
	called, err := d.called(ctx)
	if err != nil {
		s.Problems = append(s.Problems, destination.Problem{What: "list what is called after Clerk on AWS: " + err.Error(), Next: next(err)})
	}
	restart := restart(p)
	for _, r := range append(refs, called...) {
		if r.account != "" && r.account != who.Account { // one of the same name may be in the login's account
			s.Problems = append(s.Problems, destination.Problem{
				What: fmt.Sprintf("%s names the %s %s of the account %s, and the login is of %s", r.file, r.kind, r.id, r.account, who.Account),
				Next: "set AWS_PROFILE to a login of that account, and run this again",
			})
			continue
		}
		places, err := d.places(ctx, p, r, restart)
		switch {
		case ctx.Err() != nil:
			return s
		case errors.Is(err, errNoMember) || errors.Is(err, errBinary):
			s.Problems = append(s.Problems, destination.Problem{
				What: fmt.Sprintf("the %s %s, which %s names, %v", r.kind, r.id, r.file, err), Next: "look into it, and set the new value there yourself",
			})
		case notFound(err) && r.sure:
			s.Problems = append(s.Problems, destination.Problem{
				What: fmt.Sprintf("the account %s has no %s %s, which %s names", who.Account, r.kind, r.id, r.file),
				Next: "set AWS_PROFILE and AWS_REGION to the account and the region that it is in",
			})
		case err != nil && !notFound(err):
			s.Problems = append(s.Problems, destination.Problem{What: fmt.Sprintf("read the %s %s: %v", r.kind, r.id, err), Next: next(err)})
			if destination.Unreachable(err) || loggedOut(err) {
				return s // nor could the others be read
			}
		}
		for _, place := range places {
			if !slices.ContainsFunc(s.Places, func(x destination.Place) bool { return x.ID == place.ID }) {
				s.Places = append(s.Places, place)
			}
		}
	}
	return s
}

// places are those in one secret or parameter: the members that are called as a variable is, or the whole. What no file names is a place only if its
// value is a credential of the kind.
func (d *Driver) places(ctx context.Context, p destination.Project, r reference, restart string) ([]destination.Place, error) {
	h, err := d.read(ctx, r.kind, r.region, r.id)
	if err != nil {
		return nil, err
	}
	at := id{kind: r.kind, account: d.who.Account, region: h.region, name: h.name}
	var out []destination.Place
	for _, v := range wanted(p, r) {
		if m, ok := member(h.value, v); ok {
			at.member = v
			out = append(out, place(at, v, p.Judge(m.String()), h, restart))
		}
	}
	switch {
	case len(out) > 0 || !r.sure && h.value == "":
		return out, nil
	case h.value == "":
		return nil, errBinary
	case strings.HasPrefix(strings.TrimSpace(h.value), "{"):
		if r.sure {
			return nil, errNoMember
		}
		return nil, nil
	}
	holding := p.Judge(h.value)
	if r.sure || holding == destination.Compromised || holding == destination.Same {
		out = append(out, place(at, p.Variables[0], holding, h, restart))
	}
	return out, nil
}

// wanted are the members that are looked for in an object: those that are called as a variable is, and the one that a file names.
func wanted(p destination.Project, r reference) []string {
	if r.member == "" || slices.Contains(p.Variables, r.member) {
		return p.Variables
	}
	return append([]string{r.member}, p.Variables...)
}

var (
	errNoMember = errors.New("is an object without a member of the variable's name that is a text")
	errBinary   = errors.New("is binary")
)

func place(at id, variable string, holding destination.Holding, h held, restart string) destination.Place {
	store := map[kind]string{ofSecrets: "AWS secret ", ofParameters: "AWS parameter "}[at.kind]
	whole := at
	whole.member = ""
	out := destination.Place{
		Driver: name, ID: at.String(), Title: fmt.Sprintf("%s%s (%s, account %s)", store, at.name, at.region, at.account), Variable: variable,
		Holding: holding, Updated: h.updated, Scope: scope(at.name),
		Unit: destination.Unit{Driver: name, ID: whole.String(), Title: "what reads the " + store + at.name, Takes: destination.TakesByHand, ByHand: restart},
	}
	if at.kind == ofSecrets {
		out.Note = "Secrets Manager keeps the old value as AWSPREVIOUS until the next change."
	}
	return out
}

// scope reads for what a name is from its parts: /shop/production/clerk.
func scope(name string) destination.Scope {
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("/_.-", r) }) {
		if s := destination.ScopeNamed(word); s != "" {
			return s
		}
	}
	return ""
}

var forced = regexp.MustCompile(`--cluster[ =]+([A-Za-z0-9_-]{1,255})[^\n]*--service[ =]+([A-Za-z0-9_-]{1,255})`)

// restart says how what runs takes a new value.
func restart(p destination.Project) string {
	cluster, service := "CLUSTER", "SERVICE"
	for _, file := range p.Files.List() {
		if strings.HasPrefix(file, ".github/workflows/") {
			text, _ := p.Files.Read(file)
			if m := forced.FindSubmatch(text); m != nil {
				cluster, service = string(m[1]), string(m[2])
				break
			}
		}
	}
	return "Restart what reads it. On ECS: aws ecs update-service --cluster " + cluster + " --service " + service +
		" --force-new-deployment. Functions and stacks that took the value when they were deployed: deploy them again."
}

// Write sets a value, or one member of an object.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	at, err := d.here(ctx, p)
	if err != nil {
		return err
	}
	if d.system == "windows" {
		return errWindows
	}
	return on(d.set(ctx, at, value), "set the "+p.Title)
}

// Check reads the value again.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	at, err := d.here(ctx, p)
	if err != nil {
		return "", err
	}
	h, err := d.read(ctx, at.kind, at.region, at.name)
	if err != nil {
		return "", on(err, "read the "+p.Title)
	}
	now := h.value
	if at.member != "" {
		m, _ := member(h.value, at.member)
		now = m.String()
	}
	if now == value.Reveal() {
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

// here refuses a place in another account than the login's: a secret there may have the same name.
func (d *Driver) here(ctx context.Context, p destination.Place) (id, error) {
	at := parse(p.ID)
	if at.name == "" {
		return at, fmt.Errorf("%q is no secret or parameter on AWS", p.ID)
	}
	who, err := d.identity(ctx)
	switch {
	case err != nil:
		return at, on(err, "check the login on AWS")
	case who.Account != at.account:
		return at, fmt.Errorf("the %s is in another account than the login, which is of %s: set AWS_PROFILE", p.Title, who.Account)
	}
	return at, nil
}

var errByHand = errors.New("nobody knows which services read a secret of AWS: restart them by hand")

// Redeploy is never called.
func (*Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errByHand
}

// Deployed is never called.
func (*Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errByHand
}

// id is by which a place is found again. Only the name may hold a colon, as ARNs do.
type id struct {
	kind                          kind
	account, region, member, name string
}

// String is the opposite of parse.
func (i id) String() string {
	return strings.Join([]string{string(i.kind), i.account, i.region, i.member, i.name}, ":")
}

func parse(s string) id {
	parts := append(strings.SplitN(s, ":", 5), "", "", "", "")
	return id{kind(parts[0]), parts[1], parts[2], parts[3], parts[4]}
}
