package gcp

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const (
	near     = 4  // so many lines around the variable's name its secret is looked for
	maxNamed = 20 // secrets, and services
)

// reference is a secret that a file names.
type reference struct {
	secret, variable string
	project          string // "" for the one that gcloud is set to
	file             string
}

// named is what the files of a project say.
type named struct {
	secrets  []reference
	services []string // on Cloud Run
	project  string   // of Firebase, "" for none
	because  string
}

var (
	secretName = `([A-Za-z0-9_-]{1,255})`
	inFlag     = regexp.MustCompile(`\b([A-Za-z0-9_]+)=` + secretName + `:(?:latest|[0-9]+)\b`)
	versionOf  = regexp.MustCompile(`projects/([a-z][a-z0-9-]{4,28}[a-z0-9]|[^/\s"']*)/secrets/` + secretName + `/versions/`)
	keyRefName = regexp.MustCompile(`secretKeyRef:\s*\n(?:\s+key:[^\n]*\n)?\s+name:\s*["']?` + secretName + `["']?\s*(?:\n|$)`)
	hosting    = regexp.MustCompile(`(?m)^\s*secret:\s*["']?` + secretName + `["']?\s*$`)
	terraform  = regexp.MustCompile(`(?s)resource\s+"google_secret_manager_secret"\s+"([^"]*)"\s*\{(.*?)\n\}`)
	secretID   = regexp.MustCompile(`(?m)^\s*secret_id\s*=\s*"` + secretName + `"`)
	serviceRun = regexp.MustCompile(`run,?["'\s]+deploy,?["'\s]+([a-z][a-z0-9-]{0,62})`)
	serviceAct = regexp.MustCompile(`(?m)^\s*service:\s*["']?([a-z][a-z0-9-]{0,62})["']?\s*$`)
	metadata   = regexp.MustCompile(`(?m)^metadata:\s*\n(?:\s+[^\n]*\n)*?\s+name:\s*["']?([a-z][a-z0-9-]{0,62})["']?\s*$`)
	projectID  = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
)

// read reads the files that may describe what runs on Google Cloud.
func read(p destination.Project) named {
	var n named
	files := p.Files.List()
	slices.Sort(files)
	for _, file := range files {
		base := path.Base(file)
		if !slices.Contains([]string{".yaml", ".yml", ".json", ".tf", ".sh"}, path.Ext(file)) && base != "Makefile" && base != ".firebaserc" {
			continue
		}
		data, _ := p.Files.Read(file)
		text := string(data)
		if base == ".firebaserc" {
			n.firebase(data)
			continue
		}
		before := len(n.secrets)
		n.fromText(text, file, p.Variables)
		n.fromTerraform(text, file, p.Variables[0])
		if len(n.secrets) > before && n.because == "" {
			n.because = file
		}
		n.fromServices(text)
	}
	return n
}

func (n *named) firebase(data []byte) {
	var rc struct {
		Projects map[string]string `json:"projects"`
	}
	if json.Unmarshal(data, &rc) == nil && projectID.MatchString(rc.Projects["default"]) {
		n.project = rc.Projects["default"]
	}
}

// fromText reads VARIABLE=secret:version, and what stands around a variable's name.
func (n *named) fromText(text, file string, variables []string) {
	for _, m := range inFlag.FindAllStringSubmatch(text, -1) {
		if slices.Contains(variables, m[1]) {
			n.add(reference{secret: m[2], variable: m[1], file: file})
		}
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		v := mentioned(line, variables)
		if v == "" {
			continue
		}
		before := strings.Join(lines[max(0, i-1):i+1], "\n")
		behind := strings.Join(lines[i:min(len(lines), i+1+near)], "\n") + "\n"
		switch {
		case strings.Contains(text, "availableSecrets") && versionOf.MatchString(before):
			m := versionOf.FindStringSubmatch(before)
			r := reference{secret: m[2], variable: v, file: file}
			if projectID.MatchString(m[1]) {
				r.project = m[1]
			}
			n.add(r)
		case strings.Contains(text, "serving.knative.dev"):
			if m := keyRefName.FindStringSubmatch(behind); m != nil {
				n.add(reference{secret: m[1], variable: v, file: file})
			}
		case strings.HasPrefix(path.Base(file), "apphosting"):
			if m := hosting.FindStringSubmatch(behind); m != nil {
				n.add(reference{secret: m[1], variable: v, file: file})
			}
		}
	}
}

// mentioned returns the variable that a line has as a word, "" for none.
func mentioned(line string, variables []string) string {
	for _, v := range variables {
		if _, rest, ok := strings.Cut(line, v); ok && (rest == "" || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", rune(rest[0]))) {
			return v
		}
	}
	return ""
}

// fromTerraform reads the secrets that are called after Clerk.
func (n *named) fromTerraform(text, file, variable string) {
	for _, m := range terraform.FindAllStringSubmatch(text, -1) {
		id := secretID.FindStringSubmatch(m[2])
		if id != nil && strings.Contains(strings.ToLower(m[1]+id[1]), "clerk") {
			n.add(reference{secret: id[1], variable: variable, file: file})
		}
	}
}

// fromServices reads the services on Cloud Run that a file deploys.
func (n *named) fromServices(text string) {
	found := serviceRun.FindAllStringSubmatch(text, -1)
	if strings.Contains(text, "deploy-cloudrun") {
		found = append(found, serviceAct.FindAllStringSubmatch(text, -1)...)
	}
	if strings.Contains(text, "serving.knative.dev") {
		found = append(found, metadata.FindAllStringSubmatch(text, -1)...)
	}
	for _, m := range found {
		if !slices.Contains(n.services, m[1]) && len(n.services) < maxNamed {
			n.services = append(n.services, m[1])
		}
	}
}

func (n *named) add(r reference) {
	known := slices.ContainsFunc(n.secrets, func(x reference) bool { return x.secret == r.secret && x.project == r.project })
	if !known && len(n.secrets) < maxNamed && !strings.HasPrefix(r.secret, "-") {
		n.secrets = append(n.secrets, r)
	}
}
