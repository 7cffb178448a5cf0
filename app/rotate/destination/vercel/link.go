package vercel

import (
	"context"
	"encoding/json"
	"path"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// link is a project that a folder of the clone was linked to.
type link struct {
	team, project string
	because       string // the file that says so
}

// linksIn reads what the command-line program wrote when it linked folders, and which project the environment names.
func linksIn(m *destination.Machine, p destination.Project) []link {
	var links []link
	add := func(owner, project, because string) {
		l := link{project: project, because: because}
		if strings.HasPrefix(owner, "team_") {
			l.team = owner
		}
		for _, have := range links {
			if have.project == project {
				return
			}
		}
		if project != "" {
			links = append(links, l)
		}
	}
	for _, folder := range p.Folders("vercel.json") {
		file := path.Join(folder, ".vercel", "project.json")
		var of struct{ ProjectID, OrgID string }
		if text, ok := p.Local(file); ok && json.Unmarshal(text, &of) == nil {
			add(of.OrgID, of.ProjectID, file)
		}
	}
	const repo = ".vercel/repo.json"
	var of struct {
		OrgID    string
		Projects []struct{ ID, OrgID string }
	}
	if text, ok := p.Local(repo); ok && json.Unmarshal(text, &of) == nil {
		for _, project := range of.Projects {
			owner := project.OrgID
			if owner == "" {
				owner = of.OrgID
			}
			add(owner, project.ID, repo)
		}
	}
	if owner := m.Getenv("VERCEL_ORG_ID"); owner != "" { // the program takes neither without the other
		add(owner, m.Getenv("VERCEL_PROJECT_ID"), "VERCEL_PROJECT_ID")
	}
	return links
}

// sign is what shows that a repository may be deployed to Vercel: sure for settings of Vercel's, not sure for what many projects have that are
// deployed elsewhere.
func sign(p destination.Project) (because string, sure bool) {
	if files := p.Named("vercel.json", "vercel.ts", "now.json", ".vercelignore"); len(files) > 0 {
		return files[0], true
	}
	for _, file := range p.Named(".gitignore") {
		text, _ := p.Files.Read(file)
		for line := range strings.Lines(string(text)) {
			if strings.Trim(strings.TrimSpace(line), "/") == ".vercel" {
				return file, false
			}
		}
	}
	if files := p.Named("next.config.js", "next.config.mjs", "next.config.ts"); len(files) > 0 {
		return files[0], false
	}
	return "", false
}

// search asks Vercel which projects are deployed from the repository: in the person's own account, and in the teams of the login.
func search(ctx context.Context, l *login, p destination.Project, teams []team, unseen error) ([]project, []destination.Problem) {
	if p.Repository.IsZero() {
		return nil, nil
	}
	var found []project
	var problems []destination.Problem
	if unseen != nil {
		problems = append(problems, advice.Problem(unseen))
		if l.currentTeam != "" {
			teams = []team{{ID: l.currentTeam}}
		}
	}
	for _, t := range append([]team{{}}, teams...) {
		projects, err := l.api.projectsOf(ctx, t.ID, p.Repository)
		if err != nil && t.ID != "" { // a login of a team alone has no account of its own
			problems = append(problems, advice.Problem(err))
		}
		for _, project := range projects {
			if !has(found, project.ID) {
				found = append(found, project)
			}
		}
	}
	return found, problems
}

func has(projects []project, id string) bool {
	for _, p := range projects {
		if p.ID == id {
			return true
		}
	}
	return false
}
