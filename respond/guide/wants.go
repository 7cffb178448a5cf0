package guide

import (
	"path"
	"strings"
)

// Wants reports whether [For] may read the file's content, for callers that have to fetch it first. It may read the files
// of [Leak.Head] too. List must name all files all the same: others are of interest by their names alone.
func Wants(p string) bool {
	name := strings.ToLower(path.Base(p))
	return wantsName(name, p) && !foreignPackage(p)
}

func wantsName(name, p string) bool {
	switch path.Ext(name) {
	case ".yml", ".yaml":
		return name != "pnpm-lock.yaml"
	case ".toml", ".tf", ".tfvars", ".tofu", ".bicep", ".gradle", ".kts", ".csproj", ".fsproj", ".vbproj", ".props":
		return true
	case ".json", ".jsonc":
		switch name {
		case "package.json", "composer.json", "app.json", "wrangler.json", "wrangler.jsonc", "template.json", "sam.json", "cloudbuild.json", "eas.json", "project.json":
			return true
		}
		return strings.Contains(name, "task") || secretName(name)
	case ".env":
		return secretName(name)
	}
	switch name {
	case "go.mod", "pipfile", "setup.cfg", "gemfile", "pom.xml", "mix.exs", "serverless.ts", "sst.config.ts", "package.swift", "makefile", "justfile":
		return true
	}
	return strings.HasPrefix(name, "requirements") ||
		strings.Contains(name, "dockerfile") || strings.Contains(name, "containerfile") ||
		strings.Contains(p, ".ebextensions/") || strings.Contains(p, ".elasticbeanstalk/")
}

func secretName(name string) bool {
	return strings.Contains(name, "secret") || strings.Contains(name, ".enc") || strings.Contains(name, ".sops")
}
