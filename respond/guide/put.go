package guide

import (
	"strings"
)

// put says where the new credential goes: what the files showed, then what no file can show.
func (r repository) put() string {
	var b strings.Builder
	b.WriteString(r.named())
	if len(r.places) == 0 {
		if r.read {
			b.WriteString(" Nothing in this repository tells where it is deployed. Look at:")
		} else {
			b.WriteString(" Look at:")
		}
		b.WriteString("\n- your host's environment variables (Vercel, Netlify, Fly, Cloudflare, AWS …), for every environment that has it;\n" +
			"- CI: `gh secret list` shows names, and `gh secret set " + r.variable + "` asks for the value, so that it does not end in your shell's history;\n" +
			"- secret stores and deployment files (Kubernetes, Terraform, Compose, Doppler …);\n" +
			"- developers' machines: " + r.onMachines())
		return b.String()
	}
	for _, p := range r.places {
		if p.shell {
			b.WriteString("\nThe commands take the new value from `$NEW_KEY`, so that it does not end in your shell's history. Paste it into this (bash, zsh):" + shell("read -rs NEW_KEY && export NEW_KEY"))
			break
		}
	}
	b.WriteString(r.list())
	b.WriteString("\n- **Developers' machines**: " + r.onMachines())
	b.WriteString("\n- **Anything set up by hand**: it leaves no trace in a repository.")
	return b.String()
}

// named says under which name the credential is set.
func (r repository) named() string {
	s := "It is set as " + code(r.variable)
	if f := r.framework; f != nil {
		s += " (" + f.name + ", " + code(f.manifest) + ")"
	}
	if r.leakedAs != "" {
		s += "; it leaked under the name " + code(r.leakedAs)
	}
	s += "."
	if f := r.framework; f != nil && f.note != "" {
		s += " " + f.note
	}
	return s
}

// onMachines says what is to be done on developers' machines.
func (r repository) onMachines() string {
	if r.production {
		return "a production key has no place there. Where it is all the same, change it in " + r.localFile()
	}
	if r.pulls {
		return "`npx clerk@latest env pull` writes it into " + r.localFile()
	}
	return r.localFile()
}

func (r repository) localFile() string {
	file := ".env.local"
	if r.framework != nil && r.framework.local != "" {
		file = r.framework.local
	}
	if !strings.HasPrefix(file, ".") {
		if strings.Contains(file, ".") {
			return code(file) + "."
		}
		return file + "."
	}
	return code(file) + ", which belongs in `.gitignore`."
}

func (r repository) list() string {
	var b strings.Builder
	written := map[string]string{} // name of the place that had the same instructions
	for _, p := range r.places {
		b.WriteString("\n- **" + p.name + "**")
		if len(p.where) > 0 {
			b.WriteString(" (" + strings.Join(p.where, ", ") + ")")
		}
		if first, ok := written[p.how]; ok {
			b.WriteString(": as for " + first + ".")
			continue
		}
		written[p.how] = p.name
		sep := ": "
		if strings.HasPrefix(p.how, "\n") {
			sep = ":"
		}
		b.WriteString(sep + strings.ReplaceAll(p.how, "\n", "\n  "))
	}
	return b.String()
}

// deployAfter says something first, then what makes the places take the new credential.
func (r repository) deployAfter(first string) string {
	d := r.deploy()
	if strings.HasPrefix(d, "\n") {
		return first + d
	}
	return first + " " + d
}

// deploy says what makes the places take the new credential.
func (r repository) deploy() string {
	var b strings.Builder
	for _, p := range r.places {
		if p.deploy != "" {
			b.WriteString("\n- " + p.name + ": " + p.deploy)
		}
	}
	if b.Len() == 0 {
		return "Environment variables take effect with the next deployment or restart, not before."
	}
	return b.String()
}
