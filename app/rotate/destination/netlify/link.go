package netlify

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// link is a site that a folder of the clone was linked to.
type link struct {
	site    string
	because string // the file that says so
}

// linksIn reads what the command-line program wrote when it linked folders, and which site the environment names.
func linksIn(m *destination.Machine, p destination.Project) []link {
	var links []link
	add := func(site, because string) {
		if site != "" && !slices.ContainsFunc(links, func(l link) bool { return l.site == site }) {
			links = append(links, link{site, because})
		}
	}
	for _, folder := range p.Folders("netlify.toml") {
		file := path.Join(folder, ".netlify", "state.json")
		var state struct {
			SiteID string `json:"siteId"`
		}
		if text, ok := p.Local(file); ok && json.Unmarshal(text, &state) == nil {
			add(state.SiteID, file)
		}
	}
	add(m.Getenv("NETLIFY_SITE_ID"), "NETLIFY_SITE_ID")
	return links
}

// sign is what shows that a repository may be deployed to Netlify: sure for settings of Netlify's, not sure for a folder of its program that git
// ignores, which starter kits ignore too.
func sign(p destination.Project) (because string, sure bool) {
	if files := p.Named("netlify.toml"); len(files) > 0 {
		return files[0], true
	}
	for _, file := range p.Named(".gitignore") {
		text, _ := p.Files.Read(file)
		for line := range strings.Lines(string(text)) {
			if strings.Trim(strings.TrimSpace(line), "/") == ".netlify" {
				return file, false
			}
		}
	}
	return "", false
}

func linked(ctx context.Context, api *api, links []link) ([]site, []destination.Problem) {
	var sites []site
	var problems []destination.Problem
	for _, link := range links {
		s, err := api.site(ctx, link.site)
		if err != nil {
			problem := advice.Problem(err)
			problem.What += " (" + link.because + " names it)"
			problems = append(problems, problem)
			continue
		}
		sites = append(sites, s)
	}
	return sites, problems
}

// search asks Netlify which sites are built from the repository.
func search(ctx context.Context, api *api, p destination.Project) ([]site, []destination.Problem) {
	if p.Repository.IsZero() {
		return nil, nil
	}
	all, err := api.sites(ctx)
	sites := slices.DeleteFunc(all, func(s site) bool { return !same(s.Build.RepoURL, p.Repository) })
	if err != nil {
		return sites, []destination.Problem{advice.Problem(err)}
	}
	return sites, nil
}

func same(address string, r destination.Repository) bool {
	return strings.EqualFold(strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".git"), "https://"+r.Host+"/"+r.String())
}
