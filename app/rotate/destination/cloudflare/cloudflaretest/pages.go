package cloudflaretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// describe gives a project without the values of its secrets.
func (p *Project) describe() map[string]any {
	configs := map[string]any{}
	for env, config := range p.Configs {
		vars := map[string]any{}
		for key, v := range config.Vars {
			value := v.Value
			if v.Type == "secret_text" {
				value = ""
			}
			vars[key] = map[string]string{"type": v.Type, "value": value}
		}
		configs[env] = map[string]any{"env_vars": vars, "wrangler_config_hash": config.Hash}
	}
	d := map[string]any{"name": p.Name, "deployment_configs": configs, "canonical_deployment": nil, "source": nil}
	if owner, repo, ok := strings.Cut(p.Repo, "/"); ok {
		host := "github"
		if p.GitLab {
			host = "gitlab"
		}
		d["source"] = map[string]any{"type": host, "config": map[string]string{"owner": owner, "repo_name": repo, "production_branch": "main"}}
	}
	if n := len(p.deployments); n > 0 {
		d["latest_deployment"] = p.deployments[n-1].describe()
	}
	if live := p.canonical(); live != nil {
		d["canonical_deployment"] = live.describe()
	}
	return d
}

func (d *deployment) describe() map[string]any {
	return map[string]any{
		"id": d.id, "url": "https://" + d.id + ".shop.pages.dev", "environment": "production",
		"latest_stage":       map[string]string{"name": d.stage, "status": d.status},
		"deployment_trigger": map[string]any{"type": "github:push", "metadata": map[string]string{"commit_hash": d.commit}},
	}
}

// patch merges variables, and takes the hash that it is given: none is none.
func (c *Cloudflare) patch(w http.ResponseWriter, r *http.Request, p *Project) {
	var body struct {
		Configs map[string]struct {
			Vars map[string]*Var `json:"env_vars"`
			Hash string          `json:"wrangler_config_hash"`
		} `json:"deployment_configs"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, 8000000, "The request body is not valid")
		return
	}
	for env, change := range body.Configs {
		config := p.Configs[env]
		for key, v := range change.Vars {
			if v == nil {
				delete(config.Vars, key)
				continue
			}
			if v.Type != "secret_text" && v.Type != "plain_text" {
				refuse(w, http.StatusBadRequest, 8000022, "Invalid environment variable type")
				return
			}
			config.Vars[key] = *v
		}
		config.Hash = change.Hash
		p.Configs[env] = config
	}
	answer(w, p.describe())
}

func (p *Project) deployment(id string) *deployment {
	for _, d := range p.deployments {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (c *Cloudflare) retry(w http.ResponseWriter, r *http.Request, p *Project) {
	of := p.deployment(r.PathValue("id"))
	if of == nil || p.Repo == "" {
		refuse(w, http.StatusBadRequest, 8000009, "The deployment can't be retried")
		return
	}
	d := &deployment{id: fmt.Sprintf("dep%d", len(p.deployments)), commit: of.commit, stage: "build", status: "active"}
	p.deployments = append(p.deployments, d)
	answer(w, d.describe())
}

// Push is somebody else's production deployment of a newer commit, which is under way.
func (c *Cloudflare) Push(account, project string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.account(account).project(project)
	p.deployments = append(p.deployments, &deployment{id: fmt.Sprintf("dep%d", len(p.deployments)), commit: "newer", stage: "build", status: "active"})
}
