package githubtest

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
)

// inStore answers a call about a store.
type inStore func(c *call, st *secretStore) answer

// secretRoutes adds the endpoints of secrets.
func (s *Server) secretRoutes(handle func(string, http.Handler), repo func(method, path, permission, level string, e endpoint)) {
	for _, route := range []struct {
		method, path, level string
		e                   inStore
	}{
		{"GET", "", "read", listSecrets},
		{"GET", "/public-key", "read", getPublicKey},
		{"GET", "/{secret}", "read", getSecret},
		{"PUT", "/{secret}", "write", putSecret},
	} {
		for _, kind := range secretKinds {
			repo(route.method, "/"+kind+"/secrets"+route.path, "secrets", route.level, ofRepository(kind, route.level, route.e))
			handle(route.method+" /orgs/{org}/"+kind+"/secrets"+route.path, s.inOrganization(ofOrganization(kind, route.e)))
		}
		repo(route.method, "/environments/{environment}/secrets"+route.path, "environments", route.level, ofRepository("actions", route.level, route.e))
	}
	for _, kind := range secretKinds {
		handle("GET /orgs/{org}/"+kind+"/secrets/{secret}/repositories", s.inOrganization(ofOrganization(kind, listSelected)))
	}
	for _, kind := range sharedKinds {
		repo("GET", "/"+kind+"/organization-secrets", "secrets", "read", listShared(kind))
	}
}

// maySecrets refuses who may not do this to a repository's secrets. Installations may do what their permissions say. People have to be collaborators,
// for some administrators.
func (c *call) maySecrets(kind, permission, level string) (answer, bool) {
	g := c.grant
	if g == nil || !g.reaches(c.repo) || !g.may(permission, level) {
		return forbidden(c.r), false // also where the repository is public
	}
	if g.person == nil {
		return answer{}, true
	}
	needed := []string{"admin"}
	if level == "read" || kind == "actions" && permission == "secrets" || kind == "dependabot" {
		needed = append(needed, "maintain", "write")
	}
	if kind == "codespaces" || kind == "agents" {
		needed = needed[:1]
	}
	if !slices.Contains(needed, c.repo.role(g.person.Login)) {
		return fail(http.StatusForbidden, "Must have admin rights to Repository."), false
	}
	return answer{}, true
}

func ofRepository(kind, level string, e inStore) endpoint {
	return func(c *call) answer {
		at, permission := SecretStore{Kind: kind, Repository: c.repo, Environment: c.path("environment")}, "secrets"
		if at.Environment != "" {
			permission = "environments"
		}
		if a, may := c.maySecrets(kind, permission, level); !may {
			return a
		}
		if at.Environment != "" && !slices.Contains(c.repo.environments, at.Environment) {
			return notFound()
		}
		return c.inStore(at, e)
	}
}

func ofOrganization(kind string, e inStore) func(*call, *Account) answer {
	return func(c *call, org *Account) answer { return c.inStore(SecretStore{Kind: kind, Organization: org}, e) }
}

func (c *call) inStore(at SecretStore, e inStore) answer {
	st, err := c.s.store(at)
	if err != nil {
		return fail(http.StatusInternalServerError, err.Error())
	}
	a := e(c, st)
	a.date = c.s.opt.Now()
	return a
}

// listSecrets is GET …/secrets, by name.
func listSecrets(c *call, st *secretStore) answer { return c.listSecrets(st, st.names()) }

func (c *call) listSecrets(st *secretStore, names []string) answer {
	list := []object{}
	cut, link := page(c, names)
	for _, name := range cut {
		list = append(list, c.secretJSON(st, name))
	}
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(names), "secrets": list}}
}

func (c *call) secretJSON(st *secretStore, name string) object {
	kept := st.secrets[name]
	j := object{"name": name, "created_at": stamp(kept.created), "updated_at": stamp(kept.updated)}
	if st.at.Repository == nil {
		j["visibility"] = kept.visibility
		if kept.visibility == "selected" {
			j["selected_repositories_url"] = c.s.APIURL() + st.at.path() + "/" + name + "/repositories"
		}
	}
	return j
}

// listShared is GET /repos/{owner}/{repo}/…/organization-secrets: those that the repository may use.
func listShared(kind string) endpoint {
	return func(c *call) answer {
		if a, may := c.maySecrets(kind, "secrets", "read"); !may {
			return a
		}
		at := SecretStore{Kind: kind, Organization: c.repo.owner}
		return c.inStore(at, func(c *call, st *secretStore) answer {
			return c.listSecrets(st, slices.DeleteFunc(st.names(), func(name string) bool { return !st.secrets[name].reaches(c.repo) }))
		})
	}
}

// listEnvironments is GET /repos/{owner}/{repo}/environments.
func listEnvironments(c *call) answer {
	list := []object{}
	cut, link := page(c, c.repo.environments)
	for n, name := range cut {
		list = append(list, object{
			"id": n + 1, "node_id": nodeID("Environment", int64(n+1)), "name": name, "url": c.address() + "/" + name, "html_url": c.s.baseURL,
			"created_at": stamp(c.repo.created), "updated_at": stamp(c.repo.created),
		})
	}
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(c.repo.environments), "environments": list}}
}

// getPublicKey is GET …/secrets/public-key.
func getPublicKey(_ *call, st *secretStore) answer {
	return ok(object{"key_id": st.keyID, "key": base64.StdEncoding.EncodeToString(st.public[:])})
}

// getSecret is GET …/secrets/{secret_name}.
func getSecret(c *call, st *secretStore) answer {
	name := secretPathOf(c)
	if st.secrets[name] == nil {
		return notFound()
	}
	return ok(c.secretJSON(st, name))
}

// listSelected is GET /orgs/{org}/…/secrets/{secret_name}/repositories.
func listSelected(c *call, st *secretStore) answer {
	kept := st.secrets[secretPathOf(c)]
	if kept == nil {
		return notFound()
	}
	var selected []*Repository
	for _, r := range c.s.repositories {
		if kept.repositories[r.id] {
			selected = append(selected, r)
		}
	}
	slices.SortFunc(selected, byRepositoryID)
	list := []object{}
	cut, link := page(c, selected)
	for _, r := range cut {
		list = append(list, c.s.repositoryJSON(r))
	}
	return answer{status: http.StatusOK, link: link, body: object{"total_count": len(selected), "repositories": list}}
}

// putSecret is PUT …/secrets/{secret_name}. An organisation's secret gets the visibility that the request says.
func putSecret(c *call, st *secretStore) answer {
	var body struct {
		Value        string  `json:"encrypted_value"`
		KeyID        string  `json:"key_id"`
		Visibility   string  `json:"visibility"`
		Repositories []int64 `json:"selected_repository_ids"`
	}
	if a, fits := c.decode(&body); !fits {
		return a
	}
	name := secretPathOf(c)
	if !secretName.MatchString(name) || strings.HasPrefix(name, "GITHUB_") {
		return fail(http.StatusUnprocessableEntity, "Secret names can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_).")
	}
	value, fault := st.open(body.KeyID, body.Value)
	ofOwner := st.at.Repository == nil
	switch {
	case fault != "":
		return fail(http.StatusUnprocessableEntity, fault)
	case ofOwner && !slices.Contains([]string{"all", "private", "selected"}, body.Visibility):
		return unfit("visibility is missing.")
	}
	kept := &keptSecret{value: value, visibility: body.Visibility, repositories: map[int64]bool{}}
	for _, id := range body.Repositories {
		kept.repositories[id] = true
	}
	if st.keep(name, kept, c.s.opt.Now()) {
		return created(object{})
	}
	return answer{status: http.StatusNoContent}
}
