package githubtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// Account is a person, an organisation or a bot.
type Account struct {
	ID    int64
	Login string
	Type  string // User, Organization, Bot
}

// Email is the address that GitHub gives to those who hide theirs.
func (a *Account) Email() string { return itoa(a.ID) + "+" + a.Login + "@users.noreply.github.com" }

// User returns the person of that login, and makes one at the first call.
func (s *Server) User(login string) *Account { return s.account(login, "User") }

// Organization returns the organisation of that login, and makes one at the first call.
func (s *Server) Organization(login string) *Account { return s.account(login, "Organization") }

// Bot is the App's own account.
func (s *Server) Bot() *Account { return s.bot }

func (s *Server) account(login, kind string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.accounts[strings.ToLower(login)]; a != nil {
		return a
	}
	return s.newAccount(login, kind)
}

func (s *Server) newAccount(login, kind string) *Account {
	a := &Account{ID: s.id(), Login: login, Type: kind}
	s.accounts[strings.ToLower(login)] = a
	return a
}

// Installation is the App in an account.
type Installation struct {
	s           *Server
	id          int64
	account     *Account
	permissions map[string]string
	selected    map[int64]bool // nil: all repositories of the account
	suspended   bool
	deleted     bool
	created     time.Time
}

// ID is the installation's number.
func (in *Installation) ID() int64 { return in.id }

func (in *Installation) reaches(r *Repository) bool {
	if in.deleted || r.deleted || r.owner != in.account {
		return false
	}
	return in.selected == nil || in.selected[r.id]
}

func (in *Installation) selection() string {
	if in.selected == nil {
		return "all"
	}
	return "selected"
}

// Install installs the App in the account, for these repositories; with none given, for all of the account's, present and
// to come. It sends installation.created.
func (s *Server) Install(ctx context.Context, account, by *Account, repos ...*Repository) (*Installation, Delivery) {
	s.mu.Lock()
	in := &Installation{s: s, id: s.id(), account: account, permissions: maps.Clone(s.opt.Permissions), created: s.opt.Now()}
	if len(repos) > 0 {
		in.selected = map[int64]bool{}
		for _, r := range repos {
			in.selected[r.id] = true
		}
	}
	s.installations[in.id] = in
	d := s.delivery("installation", in.id, nil, by, object{
		"action": "created", "installation": s.installationJSON(in), "repositories": s.briefJSON(s.reached(in)), "requester": nil,
	})
	s.mu.Unlock()
	return in, s.send(ctx, d)
}

// RenameAccount gives the account another login; the former names of its repositories redirect. It sends
// installation_target.renamed to the installation on the account.
func (s *Server) RenameAccount(ctx context.Context, account, by *Account, login string) Delivery {
	s.mu.Lock()
	from := account.Login
	var owned []*Repository
	for key, r := range s.repositories {
		if r.owner == account {
			owned = append(owned, r)
			delete(s.repositories, key)
			s.moved[key] = r
		}
	}
	delete(s.accounts, strings.ToLower(from))
	account.Login = login
	s.accounts[strings.ToLower(login)] = account
	for _, r := range owned {
		s.repositories[r.key()] = r
		delete(s.moved, r.key())
	}
	var sent []*Delivery
	for _, in := range s.installations {
		if in.account == account && !in.deleted {
			sent = append(sent, s.delivery("installation_target", in.id, nil, by, object{
				"action": "renamed", "account": s.accountJSON(account), "changes": object{"login": object{"from": from}},
				"target_type": account.Type,
			}))
		}
	}
	s.mu.Unlock()
	deliveries := s.sendAll(ctx, sent)
	if len(deliveries) == 0 {
		return Delivery{}
	}
	return deliveries[0]
}

// reached lists what the installation reaches, by id.
func (s *Server) reached(in *Installation) []*Repository {
	var list []*Repository
	for _, r := range s.repositories {
		if in.reaches(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, byRepositoryID)
	return list
}

// installationOf finds the installation that reaches the repository, or nil.
func (s *Server) installationOf(r *Repository) *Installation {
	for _, id := range slices.Sorted(maps.Keys(s.installations)) {
		if in := s.installations[id]; in.reaches(r) {
			return in
		}
	}
	return nil
}

// Add lets the installation reach more repositories, and sends installation_repositories.added.
func (in *Installation) Add(ctx context.Context, by *Account, repos ...*Repository) Delivery {
	return in.change(ctx, by, "added", repos)
}

// Remove takes repositories away from the installation, and sends installation_repositories.removed. Of an
// installation on all repositories it makes one on selected ones.
func (in *Installation) Remove(ctx context.Context, by *Account, repos ...*Repository) Delivery {
	return in.change(ctx, by, "removed", repos)
}

func (in *Installation) change(ctx context.Context, by *Account, action string, repos []*Repository) Delivery {
	s := in.s
	s.mu.Lock()
	if in.selected == nil {
		reached := s.reached(in)
		in.selected = map[int64]bool{}
		for _, r := range reached {
			in.selected[r.id] = true
		}
	}
	added, removed := []object{}, []object{}
	for _, r := range repos {
		if action == "added" {
			in.selected[r.id] = true
		} else {
			delete(in.selected, r.id)
		}
	}
	if action == "added" {
		added = s.briefJSON(repos)
	} else {
		removed = s.briefJSON(repos)
	}
	d := s.delivery("installation_repositories", in.id, nil, by, object{
		"action": action, "installation": s.installationJSON(in), "repository_selection": in.selection(),
		"repositories_added": added, "repositories_removed": removed, "requester": nil,
	})
	s.mu.Unlock()
	return s.send(ctx, d)
}

// Suspend makes the installation's tokens invalid and sends installation.suspend.
func (in *Installation) Suspend(ctx context.Context, by *Account) Delivery {
	return in.turn(ctx, by, "suspend", func() { in.suspended = true })
}

// Unsuspend undoes [Installation.Suspend].
func (in *Installation) Unsuspend(ctx context.Context, by *Account) Delivery {
	return in.turn(ctx, by, "unsuspend", func() { in.suspended = false })
}

// Uninstall ends the installation and sends installation.deleted.
func (in *Installation) Uninstall(ctx context.Context, by *Account) Delivery {
	return in.turn(ctx, by, "deleted", func() { in.deleted = true })
}

// AcceptPermissions gives the installation these permissions and sends installation.new_permissions_accepted.
func (in *Installation) AcceptPermissions(ctx context.Context, by *Account, permissions map[string]string) Delivery {
	return in.turn(ctx, by, "new_permissions_accepted", func() { in.permissions = maps.Clone(permissions) })
}

func (in *Installation) turn(ctx context.Context, by *Account, action string, change func()) Delivery {
	s := in.s
	s.mu.Lock()
	body := object{"action": action}
	if action == "deleted" {
		body["repositories"] = s.briefJSON(s.reached(in))
	}
	change()
	body["installation"] = s.installationJSON(in)
	if strings.HasSuffix(action, "suspend") {
		body["installation"] = s.installationAPIJSON(in) // these two have their times as text
	}
	d := s.delivery("installation", in.id, nil, by, body)
	s.mu.Unlock()
	return s.send(ctx, d)
}

// listInstallations is GET /app/installations.
func listInstallations(c *call) answer {
	list := []object{}
	for _, id := range slices.Sorted(maps.Keys(c.s.installations)) {
		if in := c.s.installations[id]; !in.deleted {
			list = append(list, c.s.installationAPIJSON(in))
		}
	}
	cut, link := page(c, list)
	return answer{status: 200, body: cut, link: link}
}

// getInstallation is GET /app/installations/{id}.
func getInstallation(c *call) answer {
	in := c.s.installations[c.number("id")]
	if in == nil || in.deleted {
		return notFound()
	}
	return ok(c.s.installationAPIJSON(in))
}

// listInstallationRepositories is GET /installation/repositories.
func listInstallationRepositories(c *call) answer {
	var list []*Repository
	for _, r := range c.s.reached(c.grant.installation) {
		if c.grant.reaches(r) {
			list = append(list, r)
		}
	}
	cut, link := page(c, list)
	rendered := []object{}
	for _, r := range cut {
		rendered = append(rendered, c.s.repositoryJSON(r))
	}
	return answer{status: 200, link: link, body: object{
		"total_count": len(list), "repository_selection": c.grant.installation.selection(), "repositories": rendered,
	}}
}

// getApp is GET /app.
func getApp(c *call) answer {
	app := c.s.appJSON()
	n := 0
	for _, in := range c.s.installations {
		if !in.deleted {
			n++
		}
	}
	app["installations_count"] = n
	return ok(app)
}
