package github

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/wire"
)

// ErrNoToken is what GitHub tells only to those who have a token: reviews, discussions and edit histories, of public repositories too.
var ErrNoToken = errors.New("GitHub wants a token for that")

// Person reads what a person's token reaches. It is safe for concurrent use.
type Person struct {
	app   *App // that cannot sign
	token string
}

// NewPerson returns the reader of what the token reaches; without one, of what is public. Of the configuration it needs no App.
func NewPerson(cfg Config, token string) (*Person, error) {
	a, err := unsigned(cfg)
	if err != nil {
		return nil, err
	}
	return &Person{a, token}, nil
}

// bearer sends the person's token, if there is one.
func (p *Person) bearer(next http.RoundTripper, scheme, credentials string) bearer {
	if p.token == "" {
		return bearer{next, ""}
	}
	return bearer{next, scheme + " " + credentials}
}

func (p *Person) calls(about string) caller {
	return p.app.caller(p.bearer(p.app.rest, "Bearer", p.token), 0, about)
}

// Repository returns the client of one repository, as [App.Repository] does. What of it is about the App's own issues is of no use.
func (p *Person) Repository(owner, name string) *Client {
	r, about := Repository{Owner: owner, Name: name}, owner+"/"+name
	git := p.bearer(p.app.git, "Basic", base64.StdEncoding.EncodeToString([]byte("x-access-token:"+p.token)))
	return &Client{
		app:   p.app,
		repo:  r,
		calls: p.calls(about),
		git:   &wire.Client{HTTP: &http.Client{Transport: git}, UserAgent: p.app.userAgent, Timeouts: p.app.gitTimeouts},
		bare:  p.token == "",
		wrong: r.validateName(),
	}
}

func (r Repository) validateName() error {
	if !isName(r.Owner) || !isName(r.Name) {
		return &InvalidError{"repository", fmt.Sprintf("%.80q is not like owner/name", r.Owner+"/"+r.Name)}
	}
	return nil
}

// Repositories lists what the person may read of a user's or an organisation's repositories, by name, archived ones and forks too.
// [ErrNotFound]: GitHub knows no such account.
func (p *Person) Repositories(ctx context.Context, owner string) ([]RepositoryInfo, error) {
	const op = "list repositories"
	if !isName(owner) {
		return nil, &InvalidError{"owner", fmt.Sprintf("%.80q is not a login", owner)}
	}
	calls := p.calls(owner)
	var account gogithub.User
	if _, err := calls.get(ctx, "read account", "users/"+owner, "", &account); err != nil {
		return nil, err
	}
	paths := []string{"users/" + owner + "/repos?type=owner&per_page=100"}
	switch {
	case account.GetType() == "Organization":
		paths = []string{"orgs/" + owner + "/repos?type=all&per_page=100"}
	case p.token != "": // a user's list has the public ones, the person's own has the others
		paths = append(paths, "user/repos?per_page=100")
	}
	var list []RepositoryInfo
	for _, path := range paths {
		err := eachPage(ctx, calls, op, path, func(page []*gogithub.Repository) bool {
			for _, one := range page {
				if strings.EqualFold(one.GetOwner().GetLogin(), owner) {
					list = append(list, repositoryInfo(0, one))
				}
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(list, func(a, b RepositoryInfo) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(list, func(a, b RepositoryInfo) bool { return a.ID == b.ID }), nil
}

// SignOnPage is where a person lets the token into an organisation that wants single sign-on; "" where an error is about something
// else.
func (p *Person) SignOnPage(err error) string {
	f, ok := failureOf(err)
	if !ok {
		return ""
	}
	needed, address, _ := strings.Cut(f.header.Get("X-GitHub-SSO"), "url=")
	page, err := url.Parse(strings.TrimSpace(address))
	if err != nil || !strings.HasPrefix(needed, "required") || page.Scheme != p.app.web.Scheme || page.Host != p.app.web.Host || page.User != nil {
		return ""
	}
	return page.String()
}

// LimitOf is until when GitHub wants no more requests, and whether that is since the hour's are used up; false for other errors.
func LimitOf(err error, now time.Time) (until time.Time, hourly, limited bool) {
	if early, ok := errors.AsType[*LimitError](err); ok {
		return early.Until, false, true
	}
	f, ok := failureOf(err)
	if !ok {
		return time.Time{}, false, false
	}
	l, limited := f.limit(now)
	return l.until, l.primary, limited
}

// Reason is what went wrong, in one line that holds no credential: GitHub's own words where it answered.
func Reason(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		err = e.Err
	}
	return describe(err)
}
