// Package gcptest stands in for the program gcloud, with projects that have secrets, and services on Cloud Run.
package gcptest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
)

// Config is the file below the home directory without which nobody is logged in, and Region the one that services run in.
const (
	Config = ".config/gcloud/credentials.db"
	Region = "europe-west1"
)

// Service is one on Cloud Run that has a secret in a variable.
type Service struct {
	Variable, Secret, Version string
	Pinned                    bool // its requests go to a revision that was named
	Generation                int64
	Ready                     string // "True", "False" or "Unknown"
	Image                     string // as the service names it, for the next revision; "" for one by its digest
	Runs                      string // digest of what runs, which the tag is no longer at
	Several                   bool   // it has another container
	Broken                    bool   // its newest revision did not start
}

// Memory is what the projects have.
type Memory struct {
	Project  string              // that gcloud is set to
	Secrets  map[string][][]byte // versions, by project/secret
	Unread   bool                // the login may add versions, and not read them
	Services map[string]*Service // by project/service
	Trouble  destinationtest.Trouble
}

// Program is gcloud.
func Program(p *destinationtest.Process) int {
	return destinationtest.Serve(p, "ERROR: ", 1, run)
}

func run(p *destinationtest.Process, m *Memory) error {
	if !slices.Contains(p.Args, "--quiet") {
		return destinationtest.Complaint("(gcloud) it would ask")
	}
	_, err := os.Stat(filepath.Join(os.Getenv("HOME"), Config))
	loggedIn := err == nil
	var words []string
	for _, arg := range p.Args {
		if !strings.HasPrefix(arg, "-") {
			words = append(words, arg)
		}
	}
	command := strings.Join(words, " ")
	if command == "config list" { // asks nobody
		core := map[string]string{"project": m.Project}
		if loggedIn {
			core["account"] = "ada@example.com"
		}
		return answer(p, map[string]any{"core": core})
	}
	switch {
	case !loggedIn:
		return destinationtest.Complaint("(gcloud) You do not currently have an active account selected.")
	case m.Trouble == destinationtest.Expired:
		return destinationtest.Complaint("(gcloud) There was a problem refreshing your current auth tokens: Reauthentication failed.")
	case m.Trouble == destinationtest.Down:
		return destinationtest.Complaint("gcloud crashed (TransportError): Failed to establish a new connection: Name or service not known")
	}
	project := p.Flag("--project")
	switch {
	case command == "secrets versions access latest":
		return access(p, m, project+"/"+p.Flag("--secret"))
	case strings.HasPrefix(command, "secrets versions add "):
		return add(p, m, project+"/"+words[3])
	case command == "run services list":
		name := strings.TrimPrefix(p.Flag("--filter"), "metadata.name=")
		list := []any{}
		if s := m.Services[project+"/"+name]; s != nil {
			list = append(list, s.object(name))
		}
		return answer(p, list)
	case strings.HasPrefix(command, "run revisions describe "):
		name, _, _ := strings.Cut(words[3], "-0000")
		if s := m.Services[project+"/"+name]; s != nil {
			return answer(p, object{"status": object{"imageDigest": "eu.gcr.io/x/" + name + "@sha256:" + s.Runs}})
		}
		return destinationtest.Complaint("(gcloud.run.revisions.describe) Cannot find revision [" + words[3] + "]")
	case strings.HasPrefix(command, "run services describe "), strings.HasPrefix(command, "run services update "):
		return service(p, m, words[2], words[3])
	}
	return destinationtest.Complaint("(gcloud) Invalid choice: " + command)
}

func answer(p *destinationtest.Process, v any) error {
	return json.NewEncoder(p.Out).Encode(v) //nolint:wrapcheck // a program's end
}

func access(p *destinationtest.Process, m *Memory, secret string) error {
	versions := m.Secrets[secret]
	switch {
	case len(versions) == 0:
		return destinationtest.Complaint("(gcloud.secrets.versions.access) NOT_FOUND: Secret [" + secret + "] not found or has no versions.")
	case m.Unread:
		return destinationtest.Complaint("(gcloud.secrets.versions.access) PERMISSION_DENIED: Permission 'secretmanager.versions.access' denied")
	case p.Flag("--format") != "get(payload.data)":
		return destinationtest.Complaint("(gcloud.secrets.versions.access) a format that is not exact")
	}
	fmt.Fprintln(p.Out, base64.URLEncoding.EncodeToString(versions[len(versions)-1]))
	return nil
}

func add(p *destinationtest.Process, m *Memory, secret string) error {
	trouble := m.Trouble
	switch {
	case p.Flag("--data-file") != "-":
		return destinationtest.Complaint("(gcloud.secrets.versions.add) argument --data-file: Must be specified.")
	case trouble == destinationtest.Forbidden:
		return destinationtest.Complaint("(gcloud.secrets.versions.add) PERMISSION_DENIED: Permission 'secretmanager.versions.add' denied")
	case trouble == destinationtest.Limited:
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("(gcloud.secrets.versions.add) RESOURCE_EXHAUSTED: Quota exceeded")
	case len(m.Secrets[secret]) == 0:
		return destinationtest.Complaint("(gcloud.secrets.versions.add) NOT_FOUND: Secret [" + secret + "] not found.")
	}
	m.Secrets[secret] = append(m.Secrets[secret], p.Input)
	if trouble == destinationtest.Lost {
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("gcloud crashed (ConnectionError): Connection aborted.")
	}
	return nil
}

func service(p *destinationtest.Process, m *Memory, do, name string) error {
	s := m.Services[p.Flag("--project")+"/"+name]
	if s == nil || p.Flag("--region") != Region {
		return destinationtest.Complaint("(gcloud.run.services." + do + ") Cannot find service [" + name + "]")
	}
	if do == "describe" {
		return answer(p, s.object(name))
	}
	variable, ref, _ := strings.Cut(p.Flag("--update-secrets"), "=")
	secret, version, _ := strings.Cut(ref, ":")
	s.Variable, s.Secret, s.Version, s.Generation, s.Ready = variable, secret, version, s.Generation+1, "Unknown"
	if image := p.Flag("--image"); image != "" {
		s.Image = image
	}
	if _, digest, ok := strings.Cut(s.Image, "@sha256:"); ok || s.Image == "" {
		s.Runs = cmp.Or(digest, s.Runs)
	} else {
		s.Runs = "newer"
	}
	return nil
}

type object = map[string]any

func (s *Service) object(name string) object {
	traffic := object{"percent": 100, "latestRevision": true}
	if s.Pinned {
		traffic = object{"percent": 100, "revisionName": name + "-00001-abc"}
	}
	ref := object{"name": s.Secret, "key": s.Version}
	env := []object{{"name": "PORT", "value": "80"}, {"name": s.Variable, "valueFrom": object{"secretKeyRef": ref}}}
	containers := []object{{"env": env, "image": cmp.Or(s.Image, "eu.gcr.io/x/"+name+"@sha256:"+s.Runs)}}
	if s.Several {
		containers = append(containers, object{"image": "eu.gcr.io/x/proxy:1"})
	}
	created := name + "-00001-abc"
	if s.Broken {
		created = name + "-00002-abc"
	}
	return object{
		"metadata": object{"name": name, "generation": s.Generation, "labels": object{"cloud.googleapis.com/location": Region}},
		"spec":     object{"template": object{"spec": object{"containers": containers}}, "traffic": []object{traffic}},
		"status": object{"observedGeneration": s.Generation, "latestReadyRevisionName": name + "-00001-abc", "latestCreatedRevisionName": created, "conditions": []object{
			{"type": "RoutesReady", "status": "True"}, {"type": "Ready", "status": s.Ready, "message": "Revision is not ready and cannot serve traffic."},
		}},
	}
}
