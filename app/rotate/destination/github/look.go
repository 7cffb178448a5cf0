package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// repository is one, as GitHub has it.
type repository struct {
	destination.Repository

	ID       int64 `json:"id"`
	Private  bool  `json:"private"`
	Archived bool  `json:"archived"`
	Account  struct {
		Type string `json:"type"`
	} `json:"owner"`
	Permissions struct {
		Admin bool `json:"admin"`
	} `json:"permissions"`
}

// kind is a kind of secrets.
type kind struct {
	path, title string
	shared      bool // a repository's API lists those of the organisation that it may use
}

var kinds = []kind{
	{"actions", "GitHub Actions", true},
	{"dependabot", "Dependabot", false},
	{"codespaces", "Codespaces", false},
	{"agents", "Copilot agents", true},
}

// look is one look at a repository.
type look struct {
	destination.Survey

	ctx     context.Context // lives as long as one call of Look
	session *Session
	repo    repository
	path    string // of the repository in the API
	flows   workflows
	lists   lists
	denied  []denial
	stop    bool // nothing more can be asked
}

// denial is lists that may not be read, and why: in GitHub's words, "" for none; and what a person does about it.
type denial struct {
	lists      []string
	said, next string
}

// Look looks for the secrets of the repository that have one of the variables' names, or a name that a workflow gives to one of them.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	if p.Repository.IsZero() || len(p.Variables) == 0 {
		return destination.Survey{}
	}
	l := &look{ctx: ctx, repo: repository{Repository: p.Repository}, lists: lists{}, path: "/repos/" + url.PathEscape(p.Repository.Owner) + "/" + url.PathEscape(p.Repository.Name)}
	l.Used, l.Because = true, "the repository is "+p.Repository.Host+"/"+p.Repository.String()
	var err error
	if l.session, err = d.session(ctx, p.Repository.Host); err != nil {
		l.problem(err)
		return l.Survey
	}
	l.Account = l.session.account()
	if !l.repository() {
		return l.Survey
	}
	l.flows = readWorkflows(ctx, p)
	l.all()
	slices.SortFunc(l.Places, func(a, b destination.Place) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.ID, b.ID))
	})
	return l.Survey
}

// order puts a repository's secrets before those of organisations, and those of Actions first.
func order(p destination.Place) int {
	switch {
	case strings.Contains(p.ID, "/orgs/"):
		return 3
	case strings.Contains(p.ID, "/environments/"):
		return 1
	case strings.Contains(p.ID, "/actions/secrets/"):
		return 0
	}
	return 2
}

func (l *look) problem(err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{What: err.Error(), Next: "look at the secrets on " + l.repo.Host + " yourself"}
	}
	said := destination.Problem{What: p.What, Next: p.Next}
	if !slices.Contains(l.Problems, said) {
		l.Problems = append(l.Problems, said)
	}
}

// repository asks about the repository, and reports whether its secrets can be looked at.
func (l *look) repository() bool {
	err := l.session.api.Do(l.ctx, destination.Request{Method: http.MethodGet, Path: l.path, Doing: "read the repository " + l.repo.String()}, &l.repo)
	var refused *destination.Refused
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusMovedPermanently:
		l.problem(&Problem{What: l.repo.String() + " has another name now", Next: "set it with git remote set-url origin, and run this again"})
	case errors.Is(err, destination.ErrNotFound):
		l.problem(&Problem{
			What: fmt.Sprintf("%s was not found on %s as %s", l.repo, l.repo.Host, l.session.account()),
			Next: "log in as somebody who may see it: " + l.session.logsIn(),
		})
	case err != nil:
		l.problem(l.session.explain(err))
	case l.repo.Archived:
		l.problem(&Problem{What: l.repo.String() + " is archived: its secrets can't be set", Next: "unarchive it meanwhile, if anything still uses it"})
	default:
		return true
	}
	return false
}

// all looks into every store.
func (l *look) all() {
	l.lists.read(l.ctx, l.session, l.stores())
	for _, k := range kinds {
		l.store(k, l.repositoryStore(k), "")
		if k.shared {
			l.shared(k)
		} else if l.asksOrganisation(k) {
			l.ofOrganisation(k)
		}
	}
	l.environments()
	for _, d := range l.denied {
		what := fmt.Sprintf("%s may not list %s", l.session.account(), strings.Join(d.lists, ", "))
		if d.said != "" {
			what += ": " + d.said
		}
		next := d.next
		if next == "" {
			next = "ask an administrator to look for " + strings.Join(l.flows.secrets, ", ") + " there"
		}
		l.problem(&Problem{What: what, Next: next})
	}
}

// list lists the secrets at a path. what is what they are, for people.
func (l *look) list(path, what string) []secret {
	if l.stop || l.ctx.Err() != nil {
		return nil
	}
	got := l.lists[path]
	if got.err != nil && !l.shows(path) && (errors.Is(got.err, destination.ErrNotFound) || errors.Is(got.err, destination.ErrForbidden)) {
		return nil
	}
	l.failed(got.err, what)
	return slices.DeleteFunc(got.secrets, func(s secret) bool { return !l.flows.gives(s.Name) })
}

// failed notes why something could not be listed.
func (l *look) failed(err error, what string) {
	if err == nil || l.ctx.Err() != nil {
		return
	}
	var refused *destination.Refused
	isRefused := errors.As(err, &refused)
	explained := l.session.explain(err)
	var p *Problem
	switch {
	case !isRefused || !errors.Is(err, destination.ErrNotFound) && !errors.Is(err, destination.ErrForbidden):
		l.stop = errors.Is(err, destination.ErrLogin) || errors.Is(err, destination.ErrUnavailable) || errors.Is(err, destination.ErrLimited)
		l.problem(explained)
	case errors.As(explained, &p) && p.Next != askAdministrator: // there is a way
		l.deny(what, refused, p.Next)
	case errors.Is(err, destination.ErrNotFound) && l.repo.Permissions.Admin && strings.HasSuffix(what, l.repo.String()):
		// An administrator does not see what is not there: Actions are off, or the server is older than this kind of secrets.
	default:
		l.deny(what, refused, "")
	}
}

func (l *look) deny(what string, refused *destination.Refused, next string) {
	said := refused.Said
	if errors.Is(refused, destination.ErrNotFound) {
		said = "" // "Not Found" says nothing
	}
	for n := range l.denied {
		if l.denied[n].said == said && l.denied[n].next == next {
			l.denied[n].lists = append(l.denied[n].lists, what)
			return
		}
	}
	l.denied = append(l.denied, denial{[]string{what}, said, next})
}

// store looks at the repository's secrets of a kind, or at those of an environment.
func (l *look) store(k kind, path, environment string) {
	for _, s := range l.list(path, l.storeText(k, environment)) {
		p := l.place(k, path, s)
		p.Title, p.Scope = fmt.Sprintf("%s secret of %s", k.title, l.repo), scope(environment)
		if environment != "" {
			p.Title = fmt.Sprintf("%s secret of %s, environment %s", k.title, l.repo, environment)
		}
		l.Places = append(l.Places, p)
	}
}

// shared looks at the organisation's secrets that the repository may use, where the repository's API lists them.
func (l *look) shared(k kind) {
	for _, s := range l.list(l.sharedStore(k), l.sharedText(k)) {
		l.organisations(k, s)
	}
}

// ofOrganisation looks at all of the organisation's secrets of a kind, for those that the repository may use.
func (l *look) ofOrganisation(k kind) {
	path, what := l.organisationStore(k), l.ofOrganisationText(k)
	for _, s := range l.list(path, what) {
		switch s.Visibility {
		case "private":
			if !l.repo.Private {
				continue
			}
		case "selected":
			ids, err := l.session.selected(l.ctx, id{l.repo.Host, path, s.Name})
			if l.failed(err, what); !slices.Contains(ids, l.repo.ID) {
				continue
			}
		}
		l.organisations(k, s)
	}
}

// organisations adds the place of an organisation's secret.
func (l *look) organisations(k kind, s secret) {
	p := l.place(k, l.organisationStore(k), s)
	p.Title = fmt.Sprintf("%s secret of the organisation %s", k.title, l.repo.Owner)
	p.Note = "All repositories that may use it get the new value."
	if l.session.lacks("admin:org") {
		p.Note += " To set it, " + l.session.widen("admin:org") + "."
	}
	l.Places = append(l.Places, p)
}

func (l *look) place(k kind, path string, s secret) destination.Place {
	return destination.Place{
		Driver: name, ID: id{l.repo.Host, path, s.Name}.String(), Variable: s.Name,
		Holding: destination.Unreadable, Updated: s.Updated.UTC(), Unit: l.unit(k, s.Name),
	}
}

// unit is what takes the secret.
func (l *look) unit(k kind, secret string) destination.Unit {
	at := l.repo.Host + "/" + l.repo.String()
	u := destination.Unit{Driver: name, ID: at + "/" + k.path, Title: "workflows of " + l.repo.String(), Takes: destination.TakesNextRun}
	switch k.path {
	case "dependabot":
		u.Title = "Dependabot in " + l.repo.String()
	case "codespaces":
		u.Title = "codespaces of " + l.repo.String()
	case "agents":
		u.Title = "Copilot agents in " + l.repo.String()
	case "actions":
		repo := l.repo.String()
		if l.repo.Host != publicHub {
			repo = at
		}
		if files, how := l.flows.deploys(secret, repo); how != "" {
			u.ID, u.Title = at+"/"+strings.Join(files, ","), strings.Join(files, ", ")+" of "+l.repo.String()
			u.Takes, u.ByHand = destination.TakesByHand, how
		}
	}
	return u
}

// maxEnvironments are looked at: some repositories have one for each pull request there ever was.
const maxEnvironments = 50

// environments looks at those of the repository, and at those that workflows name.
func (l *look) environments() {
	if l.stop || l.ctx.Err() != nil {
		return
	}
	all, err := l.session.environments(l.ctx, l.path)
	l.failed(err, "the environments of "+l.repo.String())
	// Those that are likely to hold it come first.
	slices.SortStableFunc(all, func(a, b string) int { return cmp.Compare(l.likely(a), l.likely(b)) })
	if len(all) > maxEnvironments {
		l.problem(&Problem{
			What: fmt.Sprintf("%s has %d environments, of which %d were looked at", l.repo, len(all), maxEnvironments),
			Next: "look at the others for " + strings.Join(l.flows.secrets, ", "),
		})
		all = all[:maxEnvironments]
	}
	var stores []store
	for _, e := range all {
		stores = append(stores, store{l.environmentStore(e), l.storeText(kinds[0], e)})
	}
	l.lists.read(l.ctx, l.session, stores)
	for _, e := range all {
		l.store(kinds[0], l.environmentStore(e), e)
	}
}

func (l *look) likely(environment string) int {
	switch {
	case slices.Contains(l.flows.environments, environment):
		return 0
	case scope(environment) == destination.Production:
		return 1
	case scope(environment) == destination.Development:
		return 2
	}
	return 3
}

// scope says by an environment's name for which deployments it counts: "production-eu" for production, "pre-prod" nobody knows.
func scope(environment string) destination.Scope {
	var found destination.Scope
	for word := range strings.FieldsFuncSeq(environment, func(r rune) bool { return !unicode.IsLetter(r) }) {
		switch s := destination.ScopeNamed(word); {
		case found != "" && s != "" && s != found, slices.Contains([]string{"pre", "non", "not", "no"}, strings.ToLower(word)):
			return ""
		case s != "":
			found = s
		}
	}
	return found
}
