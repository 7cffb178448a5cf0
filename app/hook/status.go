package hook

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Status is what git does at one of the hooks.
type Status struct {
	Hook      string   `json:"hook"`
	Runs      string   `json:"runs"`      // the file that git runs; "" for none
	Effective bool     `json:"effective"` // whether rekey is run
	Says      string   `json:"says"`
	Shadowed  string   `json:"shadowed,omitempty"` // a file with rekey's lines that git doesn't run
	Warnings  []string `json:"warnings,omitempty"`
}

// Report is the status of a repository.
type Report struct {
	Effective bool     `json:"effective"` // all hooks are
	HooksPath string   `json:"hooks_path"`
	SetIn     string   `json:"set_in,omitempty"` // where core.hooksPath is set
	Manager   string   `json:"manager,omitempty"`
	Hooks     []Status `json:"hooks"`
}

// Judge decides which hooks run rekey. exists reports whether a program can be run.
func Judge(f Facts, hooks []string, exists func(path string) bool) Report {
	r := Report{Effective: true, HooksPath: filepath.ToSlash(f.Dir)}
	if f.Setting != nil {
		r.SetIn = f.Setting.where()
	}
	if f.Manager != nil {
		r.Manager = f.Manager.Name
	}
	for _, name := range hooks {
		s := f.judge(name, exists)
		r.Effective = r.Effective && s.Effective
		r.Hooks = append(r.Hooks, s)
	}
	return r
}

func (s Setting) where() string {
	if s.Scope == "command" {
		return "this shell's environment (GIT_CONFIG_…)"
	}
	return s.Origin
}

func (f Facts) judge(name string, exists func(string) bool) Status {
	s := Status{Hook: name}
	file := f.Hooks[name]
	if file.Exists && file.Executable {
		s.Runs = filepath.ToSlash(file.Path)
	}
	s.Effective, s.Says = f.runs(name, file, exists)
	if f.Manager != nil && s.Effective {
		if off := f.Manager.switchedOff(f.Getenv); off != "" {
			s.Effective, s.Says = false, off+" in this shell's environment switches "+f.Manager.Name+"'s hooks off"
		}
	}
	for _, other := range []File{f.Own[name], f.Managed[name]} {
		if !s.Effective && split(other.Text).ours != "" {
			s.Shadowed = filepath.ToSlash(other.Path)
		}
	}
	if f.Setting != nil && f.Own[name].Exists && f.Own[name].Executable && s.Shadowed == "" && !chains(file.Text) {
		s.Warnings = append(s.Warnings, fmt.Sprintf("git ignores %s: core.hooksPath is set in %s", f.short(f.Own[name].Path), f.Setting.where()))
	}
	return s
}

// runs reports whether git runs rekey at a hook, and says how, or why not.
func (f Facts) runs(name string, file File, exists func(string) bool) (bool, string) {
	where := f.short(file.Path)
	switch m := f.Manager; {
	case !file.Exists && m != nil && m.dir != "":
		return false, m.Name + " has not made its hooks here: npx husky, or npm install"
	case !file.Exists && m != nil && m.runs(name):
		_, then := m.snippet()
		return false, "rekey is in " + f.short(m.Settings) + ", but " + m.Name + " has not made its hooks here: " + then
	case !file.Exists:
		return false, "there is no " + where + f.because()
	case !file.Executable:
		return false, where + " is not executable, so git doesn't run it: chmod +x " + quotedIfNeeded(where)
	case m != nil && m.dir != "" && m.made(file.Text):
		managed := f.Managed[name]
		if ours := split(managed.Text).ours; ours != "" || calls(managed.Text, name) {
			if !f.OnPath {
				return false, f.short(managed.Path) + " runs rekey, but rekey is not on the PATH"
			}
			return true, "rekey is in " + f.short(managed.Path) + ", by " + m.Name
		}
		return false, "rekey is not in " + f.short(managed.Path)
	case split(file.Text).ours != "":
		return f.runsOurs(split(file.Text).ours, where, exists)
	case calls(file.Text, name):
		if !f.OnPath {
			return false, where + " calls rekey, but rekey is not on the PATH"
		}
		return true, where + " calls rekey"
	case m != nil && m.made(file.Text) && m.runs(name):
		return true, "rekey is in " + f.short(m.Settings) + ", by " + m.Name
	case m != nil && m.made(file.Text):
		return false, "rekey is not in " + f.short(m.Settings) + f.because()
	}
	return false, "rekey is not in " + where + f.because()
}

// runsOurs judges rekey's own lines by the program that they name.
func (f Facts) runsOurs(ours, where string, exists func(string) bool) (bool, string) {
	program := programIn(ours)
	switch {
	case program != "" && exists(program):
		return true, "rekey is in " + where
	case f.OnPath:
		return true, "rekey is in " + where + ", and found on the PATH"
	case program == "":
		return false, where + " runs rekey, but rekey is not on the PATH"
	}
	return false, where + " runs " + program + ", which is gone: install rekey again, then rekey hook install"
}

// programIn returns the path of rekey that a hook's lines name; "" for none.
func programIn(ours string) string {
	for line := range strings.Lines(ours) {
		if word, ok := strings.CutPrefix(strings.TrimSpace(line), "rekey='"); ok {
			return strings.ReplaceAll(strings.TrimSuffix(word, "'"), `'\''`, "'")
		}
	}
	return ""
}

// because names what leads git away from the repository's own hooks.
func (f Facts) because() string {
	if f.Setting == nil {
		return ""
	}
	return "; core.hooksPath is set in " + f.Setting.where()
}

func quotedIfNeeded(path string) string {
	if strings.ContainsAny(path, " '\"$`\\*?[]();&|<>") {
		return quoted(path)
	}
	return path
}

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Hooks {
		mark := "ok "
		if !s.Effective {
			mark = "NO "
		}
		fmt.Fprintf(&b, "%s %-11s %s\n", mark, s.Hook, s.Says)
		if s.Shadowed != "" {
			fmt.Fprintf(&b, "                %s has rekey, but git runs %s\n", s.Shadowed, cmp.Or(s.Runs, "nothing"))
		}
		for _, warning := range s.Warnings {
			fmt.Fprintf(&b, "                %s\n", warning)
		}
	}
	fmt.Fprintf(&b, "\nGit looks for hooks in %s", r.HooksPath)
	if r.SetIn != "" {
		fmt.Fprintf(&b, " (core.hooksPath in %s)", r.SetIn)
	}
	b.WriteString(".\n")
	if !r.Effective && (r.Manager == "" || r.Manager == "husky") {
		b.WriteString("To have it run: rekey hook install\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
