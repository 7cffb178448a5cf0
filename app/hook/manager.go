package hook

import (
	"os"
	"path/filepath"
	"strings"
)

// Manager is a program that manages a repository's hooks: what is written into those that it makes is lost when it makes them again.
type Manager struct {
	Name     string // husky, husky 4, lefthook, pre-commit
	Settings string // the file that says what its hooks run
	Text     string // of Settings
	dir      string // of husky's own hooks, which are made to be edited
	off      string // the setting of the environment that switches it off: HUSKY=0
}

// preCommitFramework is the name of pre-commit.com's program.
const preCommitFramework = "pre-commit"

func lefthookFiles() []string {
	return []string{
		"lefthook.yml", "lefthook.yaml", "lefthook.toml", "lefthook.json", ".lefthook.yml", ".lefthook.yaml", ".lefthook.toml", ".lefthook.json",
		".config/lefthook.yml", ".config/lefthook.yaml",
	}
}

// findManager finds out who manages the hooks, by what git would run and by the files of settings.
func findManager(f Facts) (*Manager, error) {
	if f.Bare {
		return nil, nil //nolint:nilnil // nobody
	}
	read := func(name string) (File, error) { return readFile(filepath.Join(f.Top, filepath.FromSlash(name))) }
	husky := filepath.Join(f.Top, ".husky")
	if info, err := os.Stat(husky); err == nil && info.IsDir() && (f.Setting == nil || f.inside(husky, f.Dir)) {
		return &Manager{Name: "husky", Settings: husky, dir: husky, off: "HUSKY=0"}, nil
	}
	for _, hook := range []string{PreCommit, PrePush} {
		if strings.Contains(f.Hooks[hook].Text, "# husky") {
			settings, err := read("package.json")
			return &Manager{Name: "husky 4", Settings: settings.Path, Text: settings.Text, off: "HUSKY_SKIP_HOOKS=1"}, err
		}
	}
	for _, name := range lefthookFiles() {
		if settings, err := read(name); err != nil || settings.Exists {
			return &Manager{Name: "lefthook", Settings: settings.Path, Text: settings.Text, off: "LEFTHOOK=0"}, err
		}
	}
	if settings, err := read(".pre-commit-config.yaml"); err != nil || settings.Exists {
		return &Manager{Name: preCommitFramework, Settings: settings.Path, Text: settings.Text}, err
	}
	return nil, nil //nolint:nilnil // nobody
}

// snippet is what the manager's settings need, and the command that makes its hooks again.
func (m Manager) snippet() (text, then string) {
	switch m.Name {
	case "husky 4":
		return `"husky": {
  "hooks": {
    "pre-commit": "rekey hook pre-commit",
    "pre-push": "echo \"$HUSKY_GIT_STDIN\" | rekey hook pre-push $HUSKY_GIT_PARAMS"
  }
}
`, ""
	case "lefthook":
		return `pre-commit:
  commands:
    rekey:
      run: rekey hook pre-commit
pre-push:
  commands:
    rekey:
      run: rekey hook pre-push {1} {2}
      use_stdin: true
`, "lefthook install"
	}
	return `  - repo: local
    hooks:
      - id: rekey-pre-commit
        name: Clerk keys
        entry: rekey hook pre-commit
        language: system
        stages: [pre-commit]
        always_run: true
        pass_filenames: false
      - id: rekey-pre-push
        name: Clerk keys
        entry: rekey hook pre-push
        language: system
        stages: [pre-push]
        always_run: true
        pass_filenames: false
`, "pre-commit install --hook-type pre-commit --hook-type pre-push"
}

// runs reports whether the manager's settings say that a hook runs rekey.
func (m Manager) runs(name string) bool {
	return calls(m.Text, name) || m.Name == preCommitFramework && name == PreCommit && strings.Contains(m.Text, "rekey-app/rekey")
}

// switchedOff returns the setting of the environment that switches the manager's hooks off; "" where none does.
func (m Manager) switchedOff(getenv func(string) string) string {
	name, value, ok := strings.Cut(m.off, "=")
	if !ok {
		return ""
	}
	if got := getenv(name); got == value || got == map[string]string{"0": "false", "1": "true"}[value] && got != "" {
		return name + "=" + got
	}
	return ""
}

// made reports whether a hook is one that the manager makes.
func (m Manager) made(text string) bool {
	switch m.Name {
	case "husky":
		return true
	case "husky 4":
		return strings.Contains(text, "# husky")
	case "lefthook":
		return strings.Contains(text, "lefthook")
	}
	return strings.Contains(text, "pre-commit.com")
}
