package githubtest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"
)

// Repository is a repository with all that hangs on it.
type Repository struct {
	s       *Server
	id      int64
	dir     string  // the bare git repository
	answers answers // of git

	// Guarded by the server's lock.
	owner         *Account
	name          string
	defaultBranch string
	private       bool
	archived      bool
	noIssues      bool
	deleted       bool
	parent        *Repository // of a fork
	created       time.Time
	pushed        time.Time
	roles         map[string]string // by lower-case login
	commits       map[string]bool   // known to be there
	suites        map[string]*suite // by commit
	runs          []*checkRun
	issues        []*issue
	labels        map[string]*label // by lower-case name
	pulls         []*PullRequest
	onCommits     []*comment
	discussions   []*discussion
	releases      []*release
	actions       []*run
	environments  []string
	wiki          *Repository // its git repository; nil: nobody has written in it
	protected     []protection
	alerts        []*alert
	sarifs        []SARIF
	noScanning    string // what uploads of SARIF are refused with; "": they are not
	numbers       int    // of issues and pull requests
}

// RepositoryOptions say what kind of repository to make.
type RepositoryOptions struct {
	DefaultBranch string // "": main
	Private       bool
}

// CreateRepository makes an empty repository. Whoever owns it is its administrator.
func (s *Server) CreateRepository(owner *Account, name string, opt RepositoryOptions) (*Repository, error) {
	opt.DefaultBranch = cmp.Or(opt.DefaultBranch, "main")
	s.mu.Lock()
	r := &Repository{
		s: s, id: s.id(), owner: owner, name: name, defaultBranch: opt.DefaultBranch, private: opt.Private,
		created: s.opt.Now(), roles: map[string]string{strings.ToLower(owner.Login): "admin"},
		commits: map[string]bool{}, suites: map[string]*suite{}, labels: map[string]*label{},
	}
	r.dir = filepath.Join(s.dir, itoa(r.id)+".git")
	taken := s.repositories[r.key()] != nil
	if !taken {
		s.repositories[r.key()] = r
		delete(s.moved, r.key())
	}
	s.mu.Unlock()
	if taken {
		return nil, fmt.Errorf("repository %s/%s exists already", owner.Login, name)
	}
	if _, err := s.git("", nil, "init", "--quiet", "--bare", "--template=", "--initial-branch="+opt.DefaultBranch, r.dir); err != nil {
		return nil, fmt.Errorf("create repository %s/%s: %w", owner.Login, name, err)
	}
	return r, nil
}

// ID is the repository's number, which outlives its names.
func (r *Repository) ID() int64 { return r.id }

// FullName is owner/name, as they are now.
func (r *Repository) FullName() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.fullName()
}

// Owner is the repository's owner, as it is now.
func (r *Repository) Owner() *Account {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.owner
}

// Name is the repository's name, as it is now.
func (r *Repository) Name() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.name
}

// Dir is where the bare git repository lies.
func (r *Repository) Dir() string { return r.dir }

// URL is the address of its web page; git's is the same with ".git" appended, or as it is.
func (r *Repository) URL() string { return r.s.baseURL + "/" + r.FullName() }

func (r *Repository) fullName() string { return r.owner.Login + "/" + r.name }

func (r *Repository) key() string { return repositoryKey(r.owner.Login, r.name) }

func repositoryKey(owner, name string) string { return strings.ToLower(owner + "/" + name) }

func byRepositoryID(a, b *Repository) int { return cmp.Compare(a.id, b.id) }

// SetRole gives a person a role: admin, maintain, write, triage, read, or none.
func (r *Repository) SetRole(who *Account, role string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.roles[strings.ToLower(who.Login)] = role
}

// role is what a login may do.
func (r *Repository) role(login string) string {
	if role := r.roles[strings.ToLower(login)]; role != "" {
		return role
	}
	if r.private {
		return "none"
	}
	return "read"
}

// DisableIssues turns the issues off, or on again.
func (r *Repository) DisableIssues(off bool) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.noIssues = off
}

// Rename gives the repository another name. The old one redirects. It sends repository.renamed.
func (r *Repository) Rename(ctx context.Context, by *Account, name string) Delivery {
	return r.change(ctx, by, "renamed", func() object {
		old := r.name
		delete(r.s.repositories, r.key())
		r.s.moved[r.key()] = r
		r.name = name
		r.s.repositories[r.key()] = r
		delete(r.s.moved, r.key())
		return object{"repository": object{"name": object{"from": old}}}
	})
}

// Archive makes the repository read-only, and sends repository.archived.
func (r *Repository) Archive(ctx context.Context, by *Account) Delivery {
	return r.change(ctx, by, "archived", func() object { r.archived = true; return nil })
}

// Unarchive undoes [Repository.Archive].
func (r *Repository) Unarchive(ctx context.Context, by *Account) Delivery {
	return r.change(ctx, by, "unarchived", func() object { r.archived = false; return nil })
}

// Publicize lets everybody read, and sends repository.publicized.
func (r *Repository) Publicize(ctx context.Context, by *Account) Delivery {
	return r.change(ctx, by, "publicized", func() object { r.private = false; return nil })
}

// Privatize undoes [Repository.Publicize].
func (r *Repository) Privatize(ctx context.Context, by *Account) Delivery {
	return r.change(ctx, by, "privatized", func() object { r.private = true; return nil })
}

// Transfer gives the repository to another account. The old name redirects. It sends repository.transferred to the
// installation that reaches it then, or else to the one that did before.
func (r *Repository) Transfer(ctx context.Context, by, to *Account) Delivery {
	return r.change(ctx, by, "transferred", func() object {
		from := r.owner
		delete(r.s.repositories, r.key())
		r.s.moved[r.key()] = r
		r.owner = to
		r.s.repositories[r.key()] = r
		delete(r.s.moved, r.key())
		kind := strings.ToLower(from.Type)
		return object{"owner": object{"from": object{kind: r.s.accountJSON(from)}}}
	})
}

// SetDefaultBranch makes another branch the default one, and sends repository.edited.
func (r *Repository) SetDefaultBranch(ctx context.Context, by *Account, branch string) (Delivery, error) {
	if _, err := r.s.git(r.dir, nil, "symbolic-ref", "HEAD", "refs/heads/"+branch); err != nil {
		return Delivery{}, fmt.Errorf("default branch of %s: %w", r.FullName(), err)
	}
	return r.change(ctx, by, "edited", func() object {
		old := r.defaultBranch
		r.defaultBranch = branch
		return object{"default_branch": object{"from": old}}
	}), nil
}

// Delete takes the repository away, and sends repository.deleted. Its git repository stays on disk until the server's end.
func (r *Repository) Delete(ctx context.Context, by *Account) Delivery {
	return r.change(ctx, by, "deleted", func() object {
		delete(r.s.repositories, r.key())
		r.deleted = true
		return nil
	})
}

func (r *Repository) change(ctx context.Context, by *Account, action string, change func() object) Delivery {
	s := r.s
	s.mu.Lock()
	in := s.installationOf(r)
	body := object{"action": action}
	if changes := change(); changes != nil {
		body["changes"] = changes
	}
	body["repository"] = s.repositoryJSON(r)
	if now := s.installationOf(r); now != nil {
		in = now
	}
	var d *Delivery
	if in != nil {
		d = s.delivery("repository", in.id, r, by, body)
	}
	s.mu.Unlock()
	return s.send(ctx, d)
}

// getRepository is GET /repos/{owner}/{repo}.
func getRepository(c *call) answer {
	j := c.s.fullRepositoryJSON(c.repo)
	if c.grant != nil && c.grant.person != nil {
		j["permissions"] = permissionsOf(c.repo.role(c.grant.person.Login))
	}
	return ok(j)
}

// getPermission is GET /repos/{owner}/{repo}/collaborators/{user}/permission.
func getPermission(c *call) answer {
	who := c.s.accounts[strings.ToLower(c.path("user"))]
	if who == nil {
		return fail(http.StatusNotFound, c.path("user")+" is not a user")
	}
	role := c.repo.role(who.Login)
	permission := map[string]string{"maintain": "write", "triage": "read"}[role]
	user := c.s.accountJSON(who)
	user["role_name"] = role
	user["permissions"] = object{
		"admin": role == "admin", "maintain": role == "admin" || role == "maintain",
		"push":   role == "admin" || role == "maintain" || role == "write",
		"triage": role != "read" && role != "none", "pull": role != "none",
	}
	return ok(object{"permission": cmp.Or(permission, role), "role_name": role, "user": user})
}

// assignable reports whether issues can be given to the login: people who were given a role.
func (r *Repository) assignable(login string) bool {
	role, found := r.roles[strings.ToLower(login)]
	who := r.s.accounts[strings.ToLower(login)]
	return found && role != "none" && who != nil && who.Type == "User"
}

// checkAssignee is GET /repos/{owner}/{repo}/assignees/{user}.
func checkAssignee(c *call) answer {
	if !c.repo.assignable(c.path("user")) {
		return notFound()
	}
	return answer{status: http.StatusNoContent}
}
