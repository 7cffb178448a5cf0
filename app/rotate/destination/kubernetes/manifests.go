package kubernetes

import (
	"bytes"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

const (
	maxDocuments = 100 // of one file
	maxDepth     = 50  // of one object
	maxSecrets   = 40  // that manifests name
)

// use is a Secret that manifests name.
type use struct {
	name, namespace string // the namespace is "" where no manifest says it
	file            string // the first one that names it
	keys            []string
	workloads       []string // those that read it: deployment/web
	filledBy        string   // what fills it, as a manifest says: "ExternalSecret clerk"; "" for nothing
}

// found is what the files of a project say.
type found struct {
	uses       []*use
	namespaces []string // that kustomizations put objects into
	charts     []string // files of Helm charts that mention a variable
}

var (
	yamlFile   = regexp.MustCompile(`\.ya?ml$`)
	objectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	dataKey    = regexp.MustCompile(`^[A-Za-z0-9._-]{1,253}$`)
	fillers    = []string{"ExternalSecret", "SealedSecret"}
	restarted  = []string{"Deployment", "StatefulSet", "DaemonSet"}
)

// scan reads the manifests.
func scan(p destination.Project) found {
	var f found
	files := p.Files.List()
	slices.Sort(files)
	for _, file := range files {
		if !yamlFile.MatchString(file) || strings.HasPrefix(file, ".github/") {
			continue
		}
		text, _ := p.Files.Read(file)
		switch base := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".yml"), ".yaml"); {
		case base == "kustomization":
			f.kustomization(text)
		case bytes.Contains(text, []byte("{{")):
			if slices.ContainsFunc(p.Variables, func(v string) bool { return bytes.Contains(text, []byte(v)) }) && bytes.Contains(text, []byte("apiVersion:")) {
				f.charts = append(f.charts, file)
			}
		case bytes.Contains(text, []byte("apiVersion:")):
			f.manifests(text, file, p.Variables)
		}
	}
	return f
}

func (f *found) kustomization(text []byte) {
	var k struct {
		Namespace string `yaml:"namespace"`
	}
	if yaml.Unmarshal(text, &k) == nil && objectName.MatchString(k.Namespace) && !slices.Contains(f.namespaces, k.Namespace) {
		f.namespaces = append(f.namespaces, k.Namespace)
	}
}

// manifests reads the objects of one file, up to the first that is no YAML.
func (f *found) manifests(text []byte, file string, variables []string) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for range maxDocuments {
		var o map[string]any
		if dec.Decode(&o) != nil {
			return
		}
		kind, _ := o["kind"].(string)
		meta := at(o, "metadata")
		name, namespace := word(meta, "name"), word(meta, "namespace")
		switch {
		case !objectName.MatchString(name) || namespace != "" && !objectName.MatchString(namespace):
		case kind == "Secret":
			for _, key := range variables {
				if at(o, "data")[key] != nil || at(o, "stringData")[key] != nil {
					f.add(use{name: name, namespace: namespace, file: file, keys: []string{key}})
				}
			}
		case slices.Contains(fillers, kind):
			if target := word(at(at(o, "spec"), "target"), "name"); target != "" {
				name = target
			}
			f.add(use{name: name, namespace: namespace, file: file, filledBy: kind + " " + word(meta, "name")})
		default:
			workload := ""
			if slices.Contains(restarted, kind) {
				workload = strings.ToLower(kind) + "/" + name
			}
			walk(o, 0, func(m map[string]any) { f.container(m, use{namespace: namespace, file: file}, workload, variables) })
		}
	}
}

// container reads a container's environment, or nothing of what is none.
func (f *found) container(m map[string]any, u use, workload string, variables []string) {
	if workload != "" {
		u.workloads = []string{workload}
	}
	for _, entry := range list(m, "env") {
		ref := at(at(entry, "valueFrom"), "secretKeyRef")
		if u.name = word(ref, "name"); u.name != "" && slices.Contains(variables, word(entry, "name")) {
			u.keys = []string{word(ref, "key")}
			f.add(u)
		}
	}
	for _, entry := range list(m, "envFrom") {
		u.name = word(at(entry, "secretRef"), "name")
		u.keys = nil
		for _, v := range variables {
			if key, ok := strings.CutPrefix(v, word(entry, "prefix")); ok {
				u.keys = append(u.keys, key)
			}
		}
		if u.name != "" {
			f.add(u)
		}
	}
}

// add joins what is said of one Secret.
func (f *found) add(u use) {
	if !objectName.MatchString(u.name) {
		return
	}
	i := slices.IndexFunc(f.uses, func(x *use) bool { return x.name == u.name && x.namespace == u.namespace })
	if i < 0 {
		if len(f.uses) == maxSecrets {
			return
		}
		f.uses, i = append(f.uses, &use{name: u.name, namespace: u.namespace, file: u.file}), len(f.uses)
	}
	known := f.uses[i]
	if u.filledBy != "" {
		known.filledBy = u.filledBy
	}
	for _, key := range u.keys {
		if dataKey.MatchString(key) && !slices.Contains(known.keys, key) {
			known.keys = append(known.keys, key)
		}
	}
	for _, w := range u.workloads {
		if !slices.Contains(known.workloads, w) {
			known.workloads = append(known.workloads, w)
		}
	}
}

func at(m map[string]any, key string) map[string]any {
	out, _ := m[key].(map[string]any)
	return out
}

func word(m map[string]any, key string) string {
	out, _ := m[key].(string)
	return out
}

func list(m map[string]any, key string) (out []map[string]any) {
	all, _ := m[key].([]any)
	for _, x := range all {
		if entry, ok := x.(map[string]any); ok {
			out = append(out, entry)
		}
	}
	return out
}

// walk visits the mappings of an object.
func walk(v any, depth int, visit func(map[string]any)) {
	if depth > maxDepth {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, x := range v {
			walk(x, depth+1, visit)
		}
	case []any:
		for _, x := range v {
			walk(x, depth+1, visit)
		}
	}
}
