package doppler

import (
	"bytes"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// setup is a project, and the config of it that people work with.
type setup struct {
	Project string `yaml:"project"`
	Config  string `yaml:"config"`
}

// runs are files that may start a program under doppler run.
var (
	runs      = []string{"package.json", "Procfile", "Dockerfile", "Makefile", "docker-compose.yml", "compose.yaml"}
	slug      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)
	underRuns = []byte("doppler run")
)

// setups reads doppler.yaml, which has one setup or a list of them, each project once; and says what shows that Doppler is used.
func setups(p destination.Project) (found []setup, because string) {
	for _, file := range p.Named("doppler.yaml", "doppler.yml") {
		if because == "" {
			because = file
		}
		text, _ := p.Files.Read(file)
		for _, s := range parse(text) {
			if slug.MatchString(s.Project) && !slices.ContainsFunc(found, func(x setup) bool { return x.Project == s.Project }) {
				found = append(found, s)
			}
		}
	}
	if because != "" {
		return found, because
	}
	for _, file := range p.Named(runs...) {
		if text, _ := p.Files.Read(file); bytes.Contains(text, underRuns) {
			return nil, file
		}
	}
	return nil, ""
}

func parse(text []byte) []setup {
	var many struct {
		Setup []setup `yaml:"setup"`
	}
	if yaml.Unmarshal(text, &many) == nil {
		return many.Setup
	}
	var one struct {
		Setup setup `yaml:"setup"`
	}
	if yaml.Unmarshal(text, &one) == nil {
		return []setup{one.Setup}
	}
	return nil
}
