package guide

import "strings"

// put says where the new credential goes: what the files showed, then what no file can show.
func (r repository) put() string {
	if len(r.places) == 0 {
		return r.putAnywhere()
	}
	return r.list()
}

func (r repository) putAnywhere() string {
	name := code(r.variable)
	return "It is set as " + name + ". Look at:\n" +
		"- your host's environment variables (Vercel, Netlify, Fly, Cloudflare, AWS …), for every environment that has it;\n" +
		"- CI: `gh secret list`, and `gh secret set " + r.variable + "` asks for the value, so that it does not end in your shell's history;\n" +
		"- secret stores and deployment files (Kubernetes, Terraform, Compose, Doppler …);\n" +
		"- `.env.local` and the like on developers' machines. These files belong into `.gitignore`."
}

func (r repository) list() string {
	var b strings.Builder
	for _, p := range r.places {
		b.WriteString("\n- **" + p.name + "**")
		if len(p.where) > 0 {
			b.WriteString(" (" + strings.Join(p.where, ", ") + ")")
		}
		b.WriteString(": " + strings.ReplaceAll(p.how, "\n", "\n  "))
	}
	return b.String()
}

// deploy says what makes the places take the new credential.
func (r repository) deploy() string {
	if len(r.places) == 0 {
		return "Environment variables take effect with the next deployment or restart, not before."
	}
	var parts []string
	for _, p := range r.places {
		if p.deploy != "" {
			parts = append(parts, p.name+": "+p.deploy)
		}
	}
	if len(parts) == 0 {
		return "Environment variables take effect with the next deployment or restart, not before."
	}
	return strings.Join(parts, " ")
}
