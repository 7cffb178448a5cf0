package github

import (
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/rekey-app/rekey/github/wire"
)

// Person reads what a person's token reaches. It is safe for concurrent use.
type Person struct {
	app   *App // that cannot sign
	token string
}

// NewPerson returns the reader of what the token reaches. Of the configuration it needs no App.
func NewPerson(cfg Config, token string) (*Person, error) {
	a, err := unsigned(cfg)
	if err != nil {
		return nil, err
	}
	return &Person{a, token}, nil
}

// Repository returns the client of one repository, as [App.Repository] does. What of it is about the App's own issues is of no use.
func (p *Person) Repository(owner, name string) *Client {
	r, about := Repository{Owner: owner, Name: name}, owner+"/"+name
	git := bearer{p.app.git, "Basic " + base64.StdEncoding.EncodeToString([]byte("x-access-token:"+p.token))}
	return &Client{
		app:   p.app,
		repo:  r,
		calls: p.app.caller(bearer{p.app.rest, "Bearer " + p.token}, 0, about),
		git:   &wire.Client{HTTP: &http.Client{Transport: git}, UserAgent: p.app.userAgent, Timeouts: p.app.gitTimeouts},
		wrong: r.validateName(),
	}
}

func (r Repository) validateName() error {
	if !isName(r.Owner) || !isName(r.Name) {
		return &InvalidError{"repository", fmt.Sprintf("%.80q is not like owner/name", r.Owner+"/"+r.Name)}
	}
	return nil
}
