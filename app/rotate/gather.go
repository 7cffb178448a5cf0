package rotate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/github"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk/manage"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/text"
)

// subject finds out what is rotated. The credential itself is returned with it where the clone holds it.
func (r *runner) subject(ctx context.Context) (Subject, detect.Secret, error) {
	found, err := r.clone.find(ctx, r.Scanner, r.getenv, r.Now)
	if err != nil {
		return Subject{}, detect.Secret{}, err
	}
	all := candidates(found)
	var s Subject
	var old detect.Secret
	switch {
	case r.Options.Subject == "":
		var fresh []candidate
		all, fresh = r.earlier.resolved(all)
		if len(all) == 0 && len(fresh) > 0 && r.Options.Kind == "" {
			return Subject{}, detect.Secret{}, fmt.Errorf("all that this clone holds is new: %s was made by a rotation that is finished. To rotate it too, give its fingerprint: %s",
				fresh[0].Name(), fresh[0].Fingerprint[:12])
		}
		s, old, err = r.chosenSubject(ctx, all)
	case fingerprint().MatchString(r.Options.Subject):
		s, old, err = r.subjectByFingerprint(ctx, all, r.Options.Subject)
	default:
		return r.subjectByIssue(ctx, all)
	}
	if r.repository.IsZero() || s.Fingerprint == "" && r.Options.Subject == "" {
		return s, old, err
	}
	issue, number, failed := r.Issues.Find(ctx, r.repository, withDefault(s.Fingerprint, r.Options.Subject))
	switch {
	case failed != nil && ctx.Err() != nil:
		return s, old, ctx.Err()
	case failed != nil || number == 0: // the destination of that name says what is wrong with the login
		return s, old, err
	case err != nil:
		if s, err = r.subjectByTitle(ctx, issue); err != nil {
			return s, old, err
		}
	}
	s.Issue = issueAddress(r.repository, number, "https")
	return s, old, nil
}

func issueAddress(of destination.Repository, number int, scheme string) string {
	return fmt.Sprintf("%s://%s/%s/issues/%d", scheme, of.Host, of, number)
}

// subjectByIssue is for the address of an issue.
func (r *runner) subjectByIssue(ctx context.Context, all []candidate) (Subject, detect.Secret, error) {
	of, number, err := github.ParseIssueLink(r.Options.Subject)
	if err != nil {
		return Subject{}, detect.Secret{}, fmt.Errorf("%s is neither the address of an issue on GitHub nor a fingerprint of 6 to 32 hexadecimal digits", r.Options.Subject)
	}
	issue, err := r.Issues.Issue(ctx, of, number)
	if err != nil {
		return Subject{}, detect.Secret{}, fmt.Errorf("the issue can't be read: %w", err)
	}
	_, mark, is := text.ParseMarker(issue.Body)
	if !is {
		return Subject{}, detect.Secret{}, fmt.Errorf("%s is no issue of rekey's about a leaked credential", r.Options.Subject)
	}
	r.closed = issue.Closed
	if issue.Closed {
		r.Person.Show("This issue is closed already.")
	}
	if r.repository.Name != "" && !strings.EqualFold(r.repository.String(), of.String()) {
		r.Person.Show("This clone is of " + r.repository.String() + ", and the issue is in " + of.String() + ": what is said of files and places is of this clone.")
	}
	s, old, err := r.subjectByFingerprint(ctx, all, mark)
	if err != nil {
		if ctx.Err() != nil {
			return s, old, ctx.Err()
		}
		if s, err = r.subjectByTitle(ctx, issue); err != nil {
			return s, old, err
		}
	}
	scheme, _, _ := strings.Cut(r.Options.Subject, "://")
	s.Issue = issueAddress(of, number, scheme)
	return s, old, nil
}

func (r *runner) chosenSubject(ctx context.Context, all []candidate) (Subject, detect.Secret, error) {
	if r.Options.Kind != "" {
		all = slices.DeleteFunc(all, func(c candidate) bool {
			return c.Kind != r.Options.Kind || r.Options.Environment != "" && c.Environment != r.Options.Environment
		})
	}
	switch {
	case len(all) == 1:
		return all[0].Subject, all[0].secret, nil
	case len(all) == 0 && r.Options.Kind != "":
		return Subject{Kind: r.Options.Kind, Environment: r.Options.Environment}, detect.Secret{}, nil
	case len(all) == 0:
		return Subject{}, detect.Secret{}, errors.New("no file of this clone holds a Clerk credential: give the address of its issue, or say what to rotate by --kind and --environment")
	}
	var names []string
	for _, c := range all {
		names = append(names, c.Name()+" ("+c.where()+"), fingerprint "+c.Fingerprint[:8])
	}
	i, err := r.Person.Choose(ctx, "Which one do you want to rotate?", names)
	if errors.Is(err, ErrNobody) {
		return Subject{}, detect.Secret{}, fmt.Errorf("%w of the credentials in this clone: give a fingerprint: %s", ErrAmbiguous, strings.Join(names, "; "))
	}
	if err != nil {
		return Subject{}, detect.Secret{}, err
	}
	return all[i].Subject, all[i].secret, nil
}

// where names one place of a candidate.
func (c candidate) where() string {
	if len(c.Places) == 0 {
		return "in a file that git doesn't track"
	}
	if n := len(c.Places) - 1; n > 0 {
		return placeText(c.Places[0]) + " and " + count(n) + " more"
	}
	return placeText(c.Places[0])
}

// subjectByFingerprint looks in the files first, and in the history of the clone then.
func (r *runner) subjectByFingerprint(ctx context.Context, all []candidate, mark string) (Subject, detect.Secret, error) {
	c, err := byFingerprint(all, mark)
	if err == nil {
		return c.Subject, c.secret, nil
	}
	found, failed := r.clone.findInHistory(ctx, r.Scanner, r.getenv, r.Now)
	if failed != nil {
		return Subject{}, detect.Secret{}, cmp.Or(ctx.Err(), err)
	}
	if c, err = byFingerprint(candidates(found), mark); err != nil {
		if s, known := r.earlier.byFingerprint(mark); known {
			return s, detect.Secret{}, nil
		}
		return Subject{}, detect.Secret{}, fmt.Errorf("%w, nor does its history", err)
	}
	return c.Subject, c.secret, nil
}

// subjectByTitle reads what an issue's title says, or asks.
func (r *runner) subjectByTitle(ctx context.Context, issue Issue) (Subject, error) {
	_, mark, _ := text.ParseMarker(issue.Body)
	if s, ok := parseTitle(issue.Title); ok {
		s.Fingerprint = mark
		return s, nil
	}
	if strings.HasPrefix(issue.Title, "Clerk secret key exposed by ") { // whose fingerprint is that of no key
		return Subject{Kind: detect.SecretKey, Environment: cmp.Or(r.Options.Environment, detect.Live)}, nil
	}
	if r.Options.Kind != "" {
		return Subject{Kind: r.Options.Kind, Environment: r.Options.Environment, Fingerprint: mark}, nil
	}
	var names []string
	list := titled()
	for _, s := range list {
		names = append(names, describe(s))
	}
	i, err := r.Person.Choose(ctx, "Neither the issue nor this clone says what leaked. What is it?", names)
	if errors.Is(err, ErrNobody) {
		return Subject{}, errors.New("neither the issue nor this clone says what leaked: say so by --kind and --environment")
	}
	if err != nil {
		return Subject{}, err
	}
	list[i].Fingerprint = mark
	return list[i], nil
}

// titled are the subjects that a title can name.
func titled() []Subject {
	var out []Subject
	for _, kind := range []detect.Kind{
		detect.SecretKey, detect.LegacyAPIKey, detect.WebhookSecret, detect.MachineSecretKey, detect.OAuthClientSecret, detect.EncryptionKey, detect.PlatformAPIKey, detect.ClaimURL,
	} {
		if kind == detect.SecretKey || kind == detect.LegacyAPIKey {
			out = append(out, Subject{Kind: kind, Environment: detect.Live}, Subject{Kind: kind, Environment: detect.Test})
			continue
		}
		out = append(out, Subject{Kind: kind})
	}
	return out
}

// parseTitle reads the title of an issue: "Leaked Clerk production secret key sk_live_…a1b2".
func parseTitle(title string) (Subject, bool) {
	rest, ok := strings.CutPrefix(title, "Leaked Clerk ")
	if !ok {
		return Subject{}, false
	}
	for _, s := range titled() {
		if redacted, is := strings.CutPrefix(rest, respond.Describe(s.Kind, s.Environment)+" "); is {
			redacted, _, _ = strings.Cut(redacted, " ")
			if strings.Contains(redacted, "…") && redacted != "…" {
				s.Redacted = redacted
			}
			return s, true
		}
	}
	return Subject{}, false
}

// instance finds out which instance the subject is of, with as few questions to Clerk as possible, none of which moves a key's "Last used". What the
// Platform API could not be asked is returned as a problem.
func (r *runner) instance(ctx context.Context, s Subject) (Instance, *Problem, error) {
	known := Instance{Environment: s.Environment}
	if h, ok := dashboardHint(s.Dashboard); ok {
		known.ID, known.Application, known.Because = h.id, h.app, h.because
	}
	keys := publishableKeys(s.Environment, r.clone, r.clone.environmentFiles())
	if known.ID == "" {
		known = r.byPublishableKey(ctx, known, keys)
	}
	wanted := wish{r.App, r.Options.Instance}
	switch {
	case !strings.HasPrefix(wanted.instance, "ins_"):
	case known.ID == "":
		known.ID, known.Because = wanted.instance, "you named it"
	case known.ID != wanted.instance:
		return known, nil, fmt.Errorf("--instance says %s, and the key is of %s (%s): leave --instance out, or run this in the right clone", wanted.instance, known.ID, known.Because)
	}
	platform := r.Clerk.Platform()
	if platform == nil || s.Kind != detect.SecretKey && s.Kind != detect.LegacyAPIKey {
		return known, nil, ctx.Err()
	}
	apps, err := platform.Applications(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return known, nil, ctx.Err()
		}
		if r.Way == Guided { // which needs no API
			return known, nil, nil
		}
		return known, &Problem{Driver: "clerk", Problem: platformProblem(err)}, nil
	}
	list := among(apps, s.Environment, known, keys, wanted)
	switch {
	case len(list) == 1 && list[0].Because == "":
		return r.only(ctx, list[0], known, wanted)
	case len(list) == 1:
		return list[0], nil, nil
	case len(list) == 0:
		return known, &Problem{Driver: "clerk", Problem: destination.Problem{
			What: "your login to Clerk doesn't see this instance", Next: "log in to the workspace that has it (clerk auth login), or go on with the dashboard",
		}}, nil
	}
	var names []string
	for _, i := range list {
		names = append(names, i.label())
	}
	i, err := r.Person.Choose(ctx, "Which instance is the key of?", names)
	if errors.Is(err, ErrNobody) {
		return known, nil, ambiguous(list)
	}
	if err != nil {
		return known, nil, err
	}
	list[i].Because = "you chose it"
	return list[i], nil, nil
}

// only is the one instance that a login to Clerk sees, of which nothing in the clone says that it is the credential's: the credential may be of another
// workspace, and Clerk's API would end the keys of the wrong one. It counts with a person's word alone.
func (r *runner) only(ctx context.Context, one, known Instance, wanted wish) (Instance, *Problem, error) {
	one.Because = "you named it"
	switch {
	case wanted != wish{}:
		return one, nil, nil
	case r.Way == Guided: // what is pasted will tell
		return known, nil, nil
	}
	yes, err := r.Person.Confirm(ctx, "Nothing in this clone says which instance the key is of. Your login to Clerk sees "+one.label()+". Is it that one?")
	switch {
	case errors.Is(err, ErrNobody):
		return known, &Problem{Driver: "clerk", Problem: destination.Problem{
			What: "nothing in this clone says which instance the key is of; your login sees " + one.label(), Next: "name it by --instance, if it is that one",
		}}, nil
	case err != nil || !yes:
		return known, nil, err
	}
	return one, nil, nil
}

// byPublishableKey asks which instance the publishable keys of the clone are of. Where they are of several, nothing is known.
func (r *runner) byPublishableKey(ctx context.Context, known Instance, keys []string) Instance {
	ids := map[string]bool{}
	for _, key := range keys[:min(len(keys), 4)] {
		if in, err := r.Clerk.InstanceOf(ctx, key); err == nil && in.ID != "" {
			ids[in.ID] = true
			known.ID, known.Because = in.ID, "its publishable key is in this clone"
		}
	}
	if len(ids) > 1 {
		known.ID, known.Because = "", ""
	}
	return known
}

func platformProblem(err error) destination.Problem {
	p := destination.Problem{What: "Clerk's Platform API can't be asked: " + err.Error(), Next: "rekey goes on with the dashboard"}
	if errors.Is(err, manage.ErrUnauthorized) {
		p = destination.Problem{What: "nobody is logged in to Clerk", Next: "run clerk auth login, or set CLERK_PLATFORM_API_KEY, to have Clerk's API make the new key"}
	}
	return p
}

// surveys has all drivers look, each at its own pace, in the drivers' order.
func (r *runner) surveys(ctx context.Context, s Subject) []Survey {
	recipe, _ := recipeFor(s.Kind)
	if !recipe.written {
		return nil
	}
	project := destination.Project{
		Dir: r.clone.dir, Files: r.clone, Repository: r.repository, Variables: r.variables(ctx, s), Environment: s.Environment, Judge: s.judge,
	}
	out := make([]Survey, len(r.Drivers))
	var wait sync.WaitGroup
	for i, d := range r.Drivers {
		out[i].Driver = d.Name()
		if wanted(d.Name(), r.Only, r.Skip) {
			wait.Go(func() { out[i].Survey = d.Look(ctx, project) })
		}
	}
	wait.Wait()
	return out
}

// variables are the names under which the subject is kept, the likeliest first.
func (r *runner) variables(ctx context.Context, s Subject) []string {
	recipe, _ := recipeFor(s.Kind)
	names := []string{}
	add := func(name string) {
		if name != "" && name == strings.ToUpper(name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(guide.Variable(ctx, r.guideLeak(s), r.clone))
	add(s.Variable)
	for _, name := range recipe.variables {
		add(name)
	}
	return names
}

func (r *runner) guideLeak(s Subject) guide.Leak {
	l := guide.Leak{
		Kind: s.Kind, Environment: s.Environment, Redacted: s.Redacted, Instance: s.Host, Dashboard: s.Dashboard, Variable: s.Variable, Head: s.Places,
	}
	if !r.repository.IsZero() {
		l.Repository = r.repository.String()
	}
	for _, at := range s.Places {
		l.Paths = append(l.Paths, at.Path)
	}
	return l
}
