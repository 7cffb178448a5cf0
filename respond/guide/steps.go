package guide

import (
	"slices"
	"strings"
)

// replace returns the steps between a new credential and the old one's end: what is set, what is changed in files, and
// what is deployed, in the order in which nothing goes down. noun is "key" or "secret".
func (r repository) replace(noun string) []Step {
	var early, late []Step
	commit := r.needsCommit()
	for _, x := range r.targets {
		s, ok := x.step(commit)
		switch {
		case !ok: // what sets it is another target
		case x.late:
			late = append(late, s)
		default:
			early = append(early, s)
		}
	}
	if !slices.ContainsFunc(r.targets, target.servesAll) {
		early = append(early, r.setSomewhere(noun))
	}
	if r.leakedAs != "" {
		early = append(early, Step{Do: Set, Title: "Does the code read " + code(r.leakedAs) + "?", Text: "Then set it under that name too, in the same places: that is the name that leaked."})
	}
	if m, ok := r.onMachines(noun); ok {
		early = append(early, m)
	}
	if slices.ContainsFunc(r.targets, target.pastes) {
		early = append([]Step{paste(noun)}, early...)
	}
	return slices.Concat(early, r.changeSteps(), late, r.deploySteps())
}

// paste puts the new credential where the commands find it.
func paste(noun string) Step {
	return Step{
		Title: "Put the new " + noun + " into a shell variable.",
		Text: "Run this, paste the " + noun + " and press Enter. This keeps it out of the shell's history:" + block("sh", "read -rs NEW_KEY") +
			"\nIn fish: `read -s NEW_KEY`. In PowerShell 7: `$NEW_KEY = Read-Host -MaskInput`.",
	}
}

func (x target) pastes() bool {
	return slices.ContainsFunc(x.set, func(c string) bool { return strings.Contains(c, "$NEW_KEY") })
}

// servesAll reports whether the app gets the credential from the target, so that there need be no other place.
func (x target) servesAll() bool { return !x.part && (len(x.set) > 0 || x.how != "") }

// place says where the credential is set: "on Fly".
func (x target) place() string { return orElse(x.in, "on "+x.name) }

// step sets the credential at the target, if that is where it is set.
func (x target) step(commit bool) (Step, bool) {
	if len(x.set) == 0 && x.how == "" {
		return Step{}, false
	}
	s := Step{Do: Set, Title: "Set it " + x.place()}
	if x.late && x.auto {
		s.Do, s.Title = Deploy, "Set it "+x.place()+" and deploy"
	}
	var parts []string
	if len(x.where) > 0 {
		parts = append(parts, "("+strings.Join(x.where, ", ")+").")
	}
	if x.how != "" {
		parts = append(parts, x.how)
	}
	s.Text = strings.Join(parts, " ")
	tail := x.note
	if x.auto && !commit {
		tail = strings.TrimSpace(tail + " " + rightAway)
	}
	if len(x.set) > 0 {
		s.Text += shell(x.set...)
		if tail != "" {
			tail = "\n" + tail
		}
	} else if tail != "" {
		tail = " " + tail
	}
	s.Text += tail
	return s, true
}

// setSomewhere is for what the repository says nothing of.
func (r repository) setSomewhere(noun string) Step {
	s := Step{Do: Set, Title: "Set the new " + noun + " wherever the app reads it,"}
	switch {
	case r.has(inClient) && !r.has(inSource):
		s.Title = "If a server needs the " + noun + ", set the new one there,"
	case slices.ContainsFunc(r.targets, func(x target) bool { return len(x.set) > 0 || x.how != "" }):
		s.Title = "Set it wherever else the app reads it,"
	}
	if r.variable != "" {
		s.Text = "as " + code(r.variable) + ": "
	}
	s.Text += "in your host's environment variables, in CI, in your secret store. Never in a file in git."
	if r.partly {
		s.Text += " This repository has more settings files than rekey reads: check the others too."
	}
	return s
}

// onMachines is for developers' machines, which have development keys.
func (r repository) onMachines(noun string) (Step, bool) {
	if r.production || r.variable == "" || r.framework == nil {
		return Step{}, false
	}
	file := orElse(r.framework.local, ".env.local")
	in := code(file)
	if !strings.HasPrefix(file, ".") && !strings.Contains(file, ".") {
		in = file
	}
	if strings.HasPrefix(file, ".") {
		in += ", which belongs in `.gitignore`"
	}
	text := "Everyone who has the old " + noun + " changes " + code(r.variable) + " in " + in + "."
	if r.pulls {
		text = "This writes " + in + ":" + shell("npx clerk@latest env pull")
	}
	return Step{Do: Set, Title: "Set it on your machines.", Text: text}, true
}

// changeSteps take the old credential out of the files.
func (r repository) changeSteps() []Step {
	var out []Step
	for i, c := range r.changes {
		if i == maxChanges {
			var rest []string
			for _, c := range r.changes[i:] {
				rest = append(rest, c.places...)
			}
			out = append(out, Step{Do: Change, Title: "Remove it from the other places too:", Text: enumerate(rest) + "."})
			break
		}
		out = append(out, c.step())
	}
	if len(out) > 0 && r.branch != "" {
		on := "On the branch " + code(r.branch)
		if rest, ok := strings.CutPrefix(out[0].Text, "In "); ok {
			out[0].Text = on + ", in " + rest
		} else {
			out[0].Text = on + ": " + out[0].Text
		}
	}
	if len(out) > 0 && !r.needsCommit() {
		out[len(out)-1].Text += " Commit that."
	}
	return out
}

// has reports whether something of the kind is to be changed.
func (r repository) has(kind changeKind) bool {
	return slices.ContainsFunc(r.changes, func(c change) bool { return c.kind == kind })
}

func (c change) step() Step {
	s := Step{Do: Change, Title: string(c.kind), Text: strings.ReplaceAll(c.text, "HERE", enumerate(c.places))}
	if c.code != "" {
		s.Text += block(c.language, strings.Split(c.code, "\n")...)
	}
	switch {
	case c.note != "" && c.code != "":
		s.Text += "\n" + c.note
	case c.note != "":
		s.Text += " " + c.note
	}
	return s
}

// needsCommit reports whether what runs may read a file that has to be changed.
func (r repository) needsCommit() bool {
	return slices.ContainsFunc(r.changes, func(c change) bool { return c.runs })
}

// enumerate names the first few of a list.
func enumerate(list []string) string {
	if len(list) > 2*maxShown {
		return strings.Join(list[:2*maxShown], ", ") + " and " + number(len(list)-2*maxShown) + " more"
	}
	return strings.Join(list, ", ")
}

// deploySteps make what runs take the new credential: with the commit that takes the old one out of the files, if there
// is one that what runs may read, else by a restart.
func (r repository) deploySteps() []Step {
	commit := r.needsCommit()
	var parts []string
	for _, x := range r.targets {
		if p := x.deployment(commit); p != "" {
			parts = append(parts, p)
		}
	}
	auto := slices.ContainsFunc(r.targets, func(x target) bool { return x.auto && (!commit || x.late) })
	late := slices.ContainsFunc(r.targets, func(x target) bool { return x.late })
	rest := !slices.ContainsFunc(r.targets, target.servesAll) // there is a place that the repository does not name
	switch {
	case len(parts) == 0 && auto && !rest:
		return nil // setting it did it
	case late && len(parts) == 0:
		parts = []string{"Restart what uses it, so that it takes the new value."}
	case commit && len(parts) == 0:
		parts = []string{"Merge it, and deploy it as usual."}
	case commit && rest:
		parts = append(parts, "Everything else: merge it, and deploy it as usual.")
	case len(parts) == 0:
		parts = []string{"It reads the variable only when it starts."}
	case rest:
		parts = append(parts, "Everything else: it reads the variable only when it starts.")
	}
	if r.framework != nil && r.framework.deploy != "" {
		parts = append(parts, r.framework.deploy)
	}
	s := Step{Do: Deploy, Title: "Redeploy or restart the app."}
	switch {
	case late, commit && slices.ContainsFunc(r.changes, func(c change) bool { return c.unknown }):
		s.Title = "Deploy."
	case commit:
		s.Title = "Commit that and deploy it."
	}
	if len(parts) == 1 {
		s.Text = parts[0]
		return []Step{s}
	}
	for _, p := range parts {
		s.Text += "\n- " + strings.ReplaceAll(p, "\n", "\n  ")
	}
	return []Step{s}
}

// deployment says how what runs on the target takes the new credential, "" where there is nothing to be done.
func (x target) deployment(commit bool) string {
	text, commands := x.again, x.takes
	if commit {
		text, commands = x.ships, x.runs
	}
	if x.auto && (!commit || x.late) {
		return ""
	}
	if len(commands) > 0 {
		text = orElse(text, orElse(x.by, strings.ToUpper(x.place()[:1])+x.place()[1:]+":")) + shell(commands...)
	}
	return text
}
