// Package kubernetestest stands in for the program kubectl, with a cluster of its own.
package kubernetestest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
)

// Config is the file below the home directory without which nobody is logged in.
const Config = ".kube/config"

// Secret is one as the cluster keeps it.
type Secret struct {
	Data      map[string][]byte
	Meta      map[string]any // beside name, namespace and version
	Immutable bool
	Version   int
}

// Memory is what the cluster has.
type Memory struct {
	Context   string
	Namespace string            // of the context
	Secrets   map[string]Secret // by namespace/name
	Workloads map[string]string // by namespace/deployment/web: "live", "restarting", "stuck" or "by hand"
	Images    map[string]string // of those, where it matters
	Trouble   destinationtest.Trouble
	Meddler   bool // somebody else sets the key theirs of the Secret right before the next write
}

// Program is kubectl.
func Program(p *destinationtest.Process) int {
	return destinationtest.Serve(p, "", 1, run)
}

func run(p *destinationtest.Process, m *Memory) error {
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), Config)); err != nil && os.Getenv("KUBECONFIG") == "" {
		return destinationtest.Complaint("error: current-context is not set")
	}
	command := strings.Join(p.Args[:min(2, len(p.Args))], " ")
	if command == "config current-context" {
		fmt.Fprintln(p.Out, m.Context)
		return nil
	}
	namespace := cmp.Or(p.Flag("--namespace"), m.Namespace)
	switch {
	case p.Flag("--context") != m.Context:
		return destinationtest.Complaint(fmt.Sprintf("error: context %q does not exist", p.Flag("--context")))
	case m.Trouble == destinationtest.Expired:
		return destinationtest.Complaint("error: You must be logged in to the server (Unauthorized)")
	case m.Trouble == destinationtest.Down:
		return destinationtest.Complaint("Unable to connect to the server: dial tcp 10.0.0.1:443: i/o timeout")
	case command == "get secret":
		return get(p, m, namespace)
	case p.Args[0] == "get":
		return workloads(p, m, namespace)
	case p.Args[0] == "replace":
		return replace(p, m)
	case command == "rollout restart":
		for _, w := range names(p, 2) {
			if m.Workloads[namespace+"/"+w] == "" {
				return destinationtest.Complaint(fmt.Sprintf("Error from server (NotFound): %s not found", w))
			}
			if m.Workloads[namespace+"/"+w] == "live" {
				m.Workloads[namespace+"/"+w] = "restarting"
			}
		}
		return nil
	case command == "rollout status" && p.Flag("--watch") == "false":
		return status(p, m.Workloads[namespace+"/"+p.Args[2]])
	}
	return destinationtest.Complaint("error: unknown command " + command)
}

// workloads gives a list, or the one alone that was asked for.
func workloads(p *destinationtest.Process, m *Memory, namespace string) error {
	kinds := map[string]string{"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
	items, asked := []any{}, names(p, 1)
	for _, w := range asked {
		if m.Workloads[namespace+"/"+w] == "" {
			continue
		}
		kind, name, _ := strings.Cut(w, "/")
		spec := map[string]any{"containers": []any{map[string]string{"name": "main", "image": cmp.Or(m.Images[namespace+"/"+w], "registry:5000/shop:v1.2")}}}
		items = append(items, map[string]any{
			"kind": kinds[kind], "metadata": map[string]string{"name": name}, "spec": map[string]any{"template": map[string]any{"spec": spec}},
		})
	}
	switch {
	case p.Flag("--output") != "json":
		return destinationtest.Complaint("error: unable to match a printer suitable for the output format")
	case len(asked) == 1 && len(items) == 1:
		return json.NewEncoder(p.Out).Encode(items[0]) //nolint:wrapcheck // a program's end
	case len(items) == 0:
		return nil // --ignore-not-found
	}
	return json.NewEncoder(p.Out).Encode(map[string]any{"kind": "List", "items": items}) //nolint:wrapcheck // a program's end
}

// names are the words that are no flags.
func names(p *destinationtest.Process, from int) (out []string) {
	for _, arg := range p.Args[from:] {
		if !strings.HasPrefix(arg, "-") {
			out = append(out, arg)
		}
	}
	return out
}

func get(p *destinationtest.Process, m *Memory, namespace string) error {
	name := p.Args[2]
	s, ok := m.Secrets[namespace+"/"+name]
	if !ok {
		return nil // --ignore-not-found
	}
	meta := map[string]any{"name": name, "namespace": namespace, "resourceVersion": fmt.Sprint(s.Version)}
	maps.Copy(meta, s.Meta)
	object := map[string]any{"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": s.Data, "metadata": meta}
	if s.Immutable {
		object["immutable"] = true
	}
	return json.NewEncoder(p.Out).Encode(object) //nolint:wrapcheck // a program's end
}

// replace takes what is written to an address of the API.
func replace(p *destinationtest.Process, m *Memory) error {
	parts := strings.Split(p.Flag("--raw"), "/") // /api/v1/namespaces/NS/secrets/NAME
	if len(parts) != 7 || p.Flag("--filename") != "-" {
		return destinationtest.Complaint("error: --raw must be a valid URL path")
	}
	key := parts[4] + "/" + parts[6]
	old, ok := m.Secrets[key]
	if !ok {
		return destinationtest.Complaint(fmt.Sprintf("Error from server (NotFound): secrets %q not found", parts[6]))
	}
	var object struct {
		Data     map[string][]byte `json:"data"`
		Metadata map[string]any    `json:"metadata"`
	}
	if json.Unmarshal(p.Input, &object) != nil {
		return destinationtest.Complaint("Error from server (BadRequest): the object provided is unrecognized")
	}
	if m.Meddler {
		old.Data["theirs"], old.Version, m.Meddler = []byte("t"), old.Version+1, false
		m.Secrets[key] = old
	}
	trouble := m.Trouble
	switch {
	case trouble == destinationtest.Forbidden:
		return destinationtest.Complaint(`Error from server (Forbidden): secrets "clerk" is forbidden: User "ada" cannot update resource "secrets" in API group ""`)
	case trouble == destinationtest.Limited:
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later")
	case object.Metadata["resourceVersion"] != fmt.Sprint(old.Version):
		return destinationtest.Complaint(fmt.Sprintf("Error from server (Conflict): Operation cannot be fulfilled on secrets %q: the object has been modified", parts[6]))
	}
	for _, own := range []string{"name", "namespace", "resourceVersion"} {
		delete(object.Metadata, own)
	}
	m.Secrets[key] = Secret{Data: object.Data, Meta: object.Metadata, Version: old.Version + 1}
	if trouble == destinationtest.Lost {
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("error: unexpected EOF")
	}
	_, err := p.Out.Write(p.Input)
	return err //nolint:wrapcheck // a program's end
}

func status(p *destinationtest.Process, state string) error {
	switch state {
	case "live":
		fmt.Fprintf(p.Out, "%s successfully rolled out\n", p.Args[2])
	case "restarting":
		fmt.Fprintf(p.Out, "Waiting for %s rollout to finish: 1 out of 2 new replicas have been updated...\n", p.Args[2])
	case "stuck":
		return destinationtest.Complaint(fmt.Sprintf("error: %s exceeded its progress deadline", p.Args[2]))
	default:
		return destinationtest.Complaint("error: rollout status is only available for RollingUpdate strategy type")
	}
	return nil
}
