package lock

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/tidwall/gjson"
	"golang.org/x/mod/modfile"
)

// ecosystem is where packages come from, of those that Clerk has packages in besides npm's.
type ecosystem int

const (
	golang ecosystem = iota
	python
	ruby
	php
)

// The most that is read of lockfiles in other ecosystems, in bytes. TOML becomes values of many times its size.
const maxOther = 8 << 20

// asked are the packages that are read there: Clerk's.
var asked = map[ecosystem][]string{
	golang: {"github.com/clerk/clerk-sdk-go", "github.com/clerk/clerk-sdk-go/v2", "github.com/clerkinc/clerk-sdk-go"},
	python: {"clerk-backend-api"},
	ruby:   {"clerk-sdk-ruby", "clerk-http-client"},
	php:    {"clerkinc/backend-php"},
}

// release is a version of a package at a line of a file. An empty number is one that the file doesn't fix, and why says why.
type release struct {
	name, number, why string
	start, end        int
}

type parseOther func(text []byte, of []string) ([]release, error)

var requirements = regexp.MustCompile(`^(requirements|constraints)[\w.-]*\.(txt|in)$`)

// otherReader returns how a file of this name is read, or nil.
func otherReader(base string) (ecosystem, parseOther) {
	switch base {
	case "go.mod":
		return golang, parseGoMod
	case "uv.lock", "poetry.lock", "pdm.lock":
		return python, parsePythonLock
	case "Pipfile.lock":
		return python, parsePipfile
	case "Gemfile.lock", "gems.locked":
		return ruby, parseGemfile
	case "composer.lock":
		return php, parseComposer
	}
	if requirements.MatchString(base) {
		return python, parseRequirements
	}
	return 0, nil
}

func (x *Index) readOther(e ecosystem, parse parseOther, p string, text []byte) {
	if len(text) > maxOther {
		x.note(p, "is larger than 8 MiB")
		return
	}
	found, err := parse(text, asked[e])
	if err != nil {
		x.note(p, err.Error())
		return
	}
	for _, r := range found {
		x.others = append(x.others, Version{
			Package: r.name, Number: r.number, Why: r.why, Manifest: p, Start: r.start, End: r.end, Source: p,
		})
	}
}

var errNotTOML = errors.New("isn't valid TOML")

// parseGoMod reads a module's requirements, which are the versions that are built. What is replaced has another's code.
func parseGoMod(text []byte, of []string) ([]release, error) {
	file, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		return nil, errors.New("isn't a valid go.mod")
	}
	// ParseLax leaves replacements out, as those of dependencies don't count. They do here.
	strict, err := modfile.Parse("go.mod", text, func(_, version string) (string, error) { return version, nil })
	var found []release
	for _, r := range file.Require {
		if !slices.Contains(of, r.Mod.Path) {
			continue
		}
		one := release{name: r.Mod.Path, number: strings.TrimPrefix(r.Mod.Version, "v"), start: r.Syntax.Start.Byte, end: r.Syntax.End.Byte}
		if err != nil {
			one.number, one.why = "", "go.mod has lines that couldn't be read"
		} else {
			for _, by := range strict.Replace {
				if by.Old.Path == r.Mod.Path {
					one.number, one.why = "", "replaced by "+by.New.Path
				}
			}
		}
		found = append(found, one)
	}
	return found, nil
}

// parsePythonLock reads what uv, Poetry and PDM write.
func parsePythonLock(text []byte, of []string) ([]release, error) {
	var file struct {
		Package []struct {
			Name, Version string
			Source        map[string]any
		}
	}
	if err := toml.Unmarshal(text, &file); err != nil {
		return nil, errNotTOML
	}
	var found []release
	for _, p := range file.Package {
		name := pythonName(p.Name)
		if !slices.Contains(of, name) {
			continue
		}
		r := release{name: name, number: p.Version}
		switch kind, _ := p.Source["type"].(string); {
		case kind == "git" || kind == "url" || kind == "directory" || kind == "file", p.Source["git"] != nil, p.Source["url"] != nil,
			p.Source["path"] != nil, p.Source["directory"] != nil, p.Source["editable"] != nil, p.Source["virtual"] != nil:
			r.number, r.why = "", "no version of a registry"
		}
		r.start, r.end = linePlace(text, `name = "`+p.Name+`"`)
		found = append(found, r)
	}
	return found, nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// pythonName returns a name as PyPI compares it.
func pythonName(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// linePlace returns where a line begins with the prefix, blanks aside, or no place.
func linePlace(text []byte, prefix string) (start, end int) {
	at := 0
	for l := range bytes.Lines(text) {
		trimmed := bytes.TrimLeft(l, " \t")
		if bytes.HasPrefix(trimmed, []byte(prefix)) {
			start = at + len(l) - len(trimmed)
			return start, start + len(prefix)
		}
		at += len(l)
	}
	return 0, 0
}

func parsePipfile(text []byte, of []string) ([]release, error) {
	root, err := parseJSON(text, false)
	if err != nil {
		return nil, err
	}
	var found []release
	for _, section := range []string{"default", "develop"} {
		fields(field(root, section), func(name string, value gjson.Result) {
			if !slices.Contains(of, pythonName(name)) {
				return
			}
			r := release{name: pythonName(name)}
			if v, ok := strings.CutPrefix(field(value, "version").Str, "=="); ok && pythonExact.MatchString(v) {
				r.number = v
			} else {
				r.why = "no version of a registry"
			}
			r.start, r.end = linePlace(text, fmt.Sprintf("%q", name))
			found = append(found, r)
		})
	}
	return found, nil
}

var (
	requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)$`)
	pythonExact = regexp.MustCompile(`^\d+(\.\d+)*$`)
)

// parseRequirements reads pip's requirements and constraints. Only == fixes a version, and with a marker only for some.
func parseRequirements(text []byte, of []string) ([]release, error) {
	var found []release
	next := 0
	continued := false
	for line := range strings.Lines(string(text)) {
		at := next
		next += len(line)
		line = strings.TrimRight(line, "\r\n")
		was := continued
		continued = strings.HasSuffix(line, `\`)
		line = strings.TrimSpace(strings.TrimSuffix(line, `\`))
		line, _, _ = strings.Cut(line, " #")
		m := requirement.FindStringSubmatch(line)
		if was || m == nil || !slices.Contains(of, pythonName(m[1])) {
			continue
		}
		at += bytes.Index(text[at:next], []byte(m[1]))
		r := release{name: pythonName(m[1]), start: at, end: at + len(m[1]), why: "not fixed"}
		rest, _, _ := strings.Cut(m[2], "--hash")
		if v, ok := strings.CutPrefix(strings.TrimSpace(rest), "=="); ok && pythonExact.MatchString(strings.TrimSpace(v)) {
			r.number, r.why = strings.TrimSpace(v), ""
		}
		found = append(found, r)
	}
	return found, nil
}

var gemSpec = regexp.MustCompile(`^    ([A-Za-z0-9][A-Za-z0-9._-]*) \(([^)]*)\)$`)

// parseGemfile reads Bundler's lockfile: four blanks before each gem below specs, in a section that says where it is from.
func parseGemfile(text []byte, of []string) ([]release, error) {
	var found []release
	section, next := "", 0
	for line := range strings.Lines(string(text)) {
		at := next + len("    ")
		next += len(line)
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "<<<<<<<") || strings.HasPrefix(line, ">>>>>>>"):
			return nil, errConflict
		case line != "" && line[0] != ' ':
			section = line
		}
		m := gemSpec.FindStringSubmatch(line)
		if m == nil || !slices.Contains(of, m[1]) || section != "GEM" && section != "GIT" && section != "PATH" {
			continue
		}
		r := release{name: m[1], start: at, end: at + len(m[1])}
		if r.number = m[2]; section != "GEM" {
			r.number, r.why = "", "no version of a registry"
		}
		found = append(found, r)
	}
	return found, nil
}

func parseComposer(text []byte, of []string) ([]release, error) {
	root, err := parseJSON(text, false)
	if err != nil {
		return nil, err
	}
	var found []release
	for _, section := range []string{"packages", "packages-dev"} {
		for _, p := range field(root, section).Array() {
			name := field(p, "name").Str
			if !slices.Contains(of, name) {
				continue
			}
			r := release{name: name, number: strings.TrimPrefix(field(p, "version").Str, "v")}
			if !isVersion(r.number) {
				r.number, r.why = "", "no release"
			}
			r.start, r.end = linePlace(text, fmt.Sprintf(`"name": %q`, name))
			found = append(found, r)
		}
	}
	return found, nil
}
