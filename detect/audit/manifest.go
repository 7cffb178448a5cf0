package audit

import (
	"encoding/json"
	"maps"
	"path"
)

// manifest is what a package.json says.
type manifest struct {
	path         string
	dependencies map[string]string // of all kinds: name to range
}

// manifest returns what the nearest package.json at or above a file says, or nil where there is none that can be read.
func (p *project) manifest(name string) *manifest {
	dir, ok := p.root(name)
	if !ok {
		return nil
	}
	if m, ok := p.manifests[dir]; ok {
		return m
	}
	if p.manifests == nil {
		p.manifests = map[string]*manifest{}
	}
	m := p.readManifest(path.Join(dir, "package.json"))
	p.manifests[dir] = m
	return m
}

func (p *project) readManifest(name string) *manifest {
	text, ok := p.read(name)
	if !ok {
		return nil
	}
	var written struct {
		Dependencies         map[string]string `json:"dependencies"`
		DevDependencies      map[string]string `json:"devDependencies"`
		PeerDependencies     map[string]string `json:"peerDependencies"`
		OptionalDependencies map[string]string `json:"optionalDependencies"`
	}
	if err := json.Unmarshal(text, &written); err != nil {
		p.note(name, "not JSON")
		return nil
	}
	m := &manifest{path: name, dependencies: map[string]string{}}
	for _, kind := range []map[string]string{written.PeerDependencies, written.OptionalDependencies, written.DevDependencies, written.Dependencies} {
		maps.Copy(m.dependencies, kind)
	}
	return m
}

// dependsOn reports whether the package that a file belongs to names another one as a dependency.
func (p *project) dependsOn(name, dependency string) bool {
	m := p.manifest(name)
	if m == nil {
		return false
	}
	_, ok := m.dependencies[dependency]
	return ok
}
