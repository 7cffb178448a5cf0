package githubtest

import (
	"crypto/rand"
	"net/http"
	"path"
	"slices"
)

// Ruleset is a ruleset for branches, as far as it matters here: which checks it requires.
type Ruleset struct {
	Name        string
	Enforcement string   // active, evaluate or disabled
	Branches    []string // patterns such as ~DEFAULT_BRANCH and refs/heads/main; nil: ~DEFAULT_BRANCH
	Checks      []Check
}

// Check is a required check. App is the only one that may report it; 0 is anybody.
type Check struct {
	Name string
	App  int64
}

// ruleset is one that was made. Those of an organisation are for all of its repositories.
type ruleset struct {
	Ruleset
	id    int64
	owner *Account    // of the organisation's rulesets
	repo  *Repository // of a repository's own
}

// protection is classic branch protection.
type protection struct {
	branch string
	checks []Check
}

// AddOrganizationRuleset makes a ruleset for all repositories of an organisation.
func (s *Server) AddOrganizationRuleset(org *Account, r Ruleset) {
	s.addRuleset(&ruleset{Ruleset: r, owner: org})
}

// AddRuleset makes a ruleset of the repository's own.
func (r *Repository) AddRuleset(rules Ruleset) { r.s.addRuleset(&ruleset{Ruleset: rules, repo: r}) }

func (s *Server) addRuleset(r *ruleset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Branches == nil {
		r.Branches = []string{"~DEFAULT_BRANCH"}
	}
	r.id = s.id()
	s.rulesets = append(s.rulesets, r)
}

// Protect has classic branch protection require checks on a branch.
func (r *Repository) Protect(branch string, checks ...Check) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.protected = append(r.protected, protection{branch, checks})
}

// rulesetsOf are those that apply to a repository.
func (s *Server) rulesetsOf(repo *Repository) []*ruleset {
	var list []*ruleset
	for _, r := range s.rulesets {
		if r.repo == repo || r.owner != nil && r.owner == repo.owner {
			list = append(list, r)
		}
	}
	return list
}

func (r *ruleset) covers(repo *Repository, branch string) bool {
	return slices.ContainsFunc(r.Branches, func(pattern string) bool {
		matched, _ := path.Match(pattern, "refs/heads/"+branch) // a pattern that is none matches nothing
		return matched || pattern == "~ALL" || pattern == "~DEFAULT_BRANCH" && branch == repo.defaultBranch
	})
}

func (r *ruleset) source() (kind, name string) {
	if r.repo != nil {
		return "Repository", r.repo.fullName()
	}
	return "Organization", r.owner.Login
}

func (r *ruleset) json() object {
	kind, name := r.source()
	return object{
		"id": r.id, "name": r.Name, "target": "branch", "source_type": kind, "source": name, "enforcement": r.Enforcement,
		"node_id": "RRS_" + itoa(r.id),
	}
}

func (r *ruleset) rule() object {
	checks := []object{}
	for _, c := range r.Checks {
		j := object{"context": c.Name}
		if c.App != 0 {
			j["integration_id"] = c.App
		}
		checks = append(checks, j)
	}
	return object{"type": "required_status_checks", "parameters": object{
		"required_status_checks": checks, "strict_required_status_checks_policy": false, "do_not_enforce_on_create": true,
	}}
}

// listBranchRules is GET /repos/{owner}/{repo}/rules/branches/{branch}: what is enforced, from everywhere.
func listBranchRules(c *call) answer {
	var list []object
	for _, r := range c.s.rulesetsOf(c.repo) {
		if r.Enforcement != "active" || !r.covers(c.repo, c.path("branch")) {
			continue
		}
		kind, name := r.source()
		rule := r.rule()
		rule["ruleset_source_type"], rule["ruleset_source"], rule["ruleset_id"] = kind, name, r.id
		list = append(list, object{"type": "deletion", "ruleset_source_type": kind, "ruleset_source": name, "ruleset_id": r.id}, rule)
	}
	cut, link := page(c, list)
	return answer{status: http.StatusOK, link: link, body: append([]object{}, cut...)}
}

// listRulesets is GET /repos/{owner}/{repo}/rulesets.
func listRulesets(c *call) answer {
	var list []object
	for _, r := range c.s.rulesetsOf(c.repo) {
		if r.repo != nil || c.r.URL.Query().Get("includes_parents") != "false" {
			list = append(list, r.json())
		}
	}
	cut, link := page(c, list)
	return answer{status: http.StatusOK, link: link, body: append([]object{}, cut...)}
}

// getRuleset is GET /repos/{owner}/{repo}/rulesets/{id}.
func getRuleset(c *call) answer {
	for _, r := range c.s.rulesetsOf(c.repo) {
		if r.id != c.number("id") {
			continue
		}
		j := r.json()
		j["conditions"] = object{"ref_name": object{"include": r.Branches, "exclude": []string{}}}
		j["rules"] = []object{{"type": "deletion"}, r.rule()}
		return ok(j)
	}
	return notFound()
}

// getBranch is GET /repos/{owner}/{repo}/branches/{branch}.
func getBranch(c *call) answer {
	branch := c.path("branch")
	sha, found := c.repo.tip("refs/heads/" + branch)
	if !found {
		return fail(http.StatusNotFound, "Branch not found")
	}
	protected, level := false, "off"
	contexts, checks := []string{}, []object{}
	for _, p := range c.repo.protected {
		if p.branch != branch {
			continue
		}
		protected, level = true, "non_admins"
		for _, check := range p.checks {
			contexts = append(contexts, check.Name)
			var app any
			if check.App != 0 {
				app = check.App
			}
			checks = append(checks, object{"context": check.Name, "app_id": app})
		}
	}
	address := c.s.APIURL() + "/repos/" + c.repo.fullName()
	return ok(object{
		"name": branch, "protected": protected, "protection_url": address + "/branches/" + branch + "/protection",
		"commit":     c.branchHead(address, sha),
		"_links":     object{"self": address + "/branches/" + branch, "html": c.s.baseURL + "/" + c.repo.fullName() + "/tree/" + branch},
		"protection": object{"enabled": protected, "required_status_checks": object{"enforcement_level": level, "contexts": contexts, "checks": checks}},
	})
}

func (c *call) branchHead(address, sha string) object {
	person := object{"name": "somebody", "email": "somebody@example.com", "date": stamp(c.s.created)}
	return object{
		"sha": sha, "node_id": "C_" + sha, "url": address + "/commits/" + sha, "html_url": c.s.baseURL + "/" + c.repo.fullName() + "/commit/" + sha,
		"comments_url": address + "/commits/" + sha + "/comments", "author": nil, "committer": nil, "parents": []object{},
		"commit": object{
			"url": address + "/git/commits/" + sha, "author": person, "committer": person, "message": "a commit", "comment_count": 0,
			"tree": object{"sha": sha, "url": address + "/git/trees/" + sha},
		},
	}
}

// PersonalToken gives a person's token out, as somebody makes one in GitHub's settings.
func (s *Server) PersonalToken(who *Account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := "github_pat_" + rand.Text()
	s.oauth.users[token] = &authorization{who: who, access: token, until: s.opt.Now().AddDate(1, 0, 0)}
	return token
}
