package text

import (
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// writePreview says what the policy file of this commit would change. How many leaks are open is nothing for strangers, and so is how
// many repositories an organisation has.
func (v checkView) writePreview(b *strings.Builder) {
	p := v.Preview
	if len(p.Changes) > 0 {
		b.WriteString("### Policy\n\nThis commit's " + markdown.Code(respond.PolicyPath) + " differs from the default branch's. When it is merged:\n\n")
		for _, c := range p.Changes {
			b.WriteString("- " + changeLine(c) + "\n")
		}
		b.WriteString("\n")
		if line := v.concerned(); line != "" {
			b.WriteString(line + "\n\n")
		}
	}
	if p.VainLock && !p.Organisation {
		b.WriteString("`lock` has no effect in a repository's own file. Only the organisation's and the server's files can lock settings.\n\n")
	}
}

func changeLine(c respond.SettingChange) string {
	if c.LockedBy != "" {
		return fmt.Sprintf("%s: stays %s; %s has no effect, because %s locks it", markdown.Code(c.Setting), setTo(c.From), setTo(c.To), sourceOf(c.LockedBy))
	}
	if c.From == c.To {
		return markdown.Code(c.Setting) + " changes"
	}
	return fmt.Sprintf("%s: %s → %s", markdown.Code(c.Setting), setTo(c.From), setTo(c.To))
}

func setTo(value string) string {
	if value == "" {
		return "nothing"
	}
	return markdown.Code(value)
}

// concerned says which leaks and repositories a change is about.
func (v checkView) concerned() string {
	p := v.Preview
	switch {
	case p.Organisation && !v.Repository.Private:
		return "It applies to all repositories of " + markdown.Code(v.Repository.Owner) + " that rekey watches."
	case p.Organisation:
		return fmt.Sprintf("It applies to %s, with %s.", format.Count(p.Repositories, "repository", "repositories"), format.Count(p.Leaks, "open leak", "open leaks"))
	case v.hidden():
		return ""
	}
	var parts []string
	if p.Allowed > 0 {
		parts = append(parts, "It allows "+format.Count(p.Allowed, "credential that is an open leak now. That leak stays open.", "credentials that are open leaks now. Those leaks stay open."))
	}
	if p.Spared > 0 {
		parts = append(parts, format.Count(p.Spared, "open leak", "open leaks")+" would no longer fail a check.")
	}
	return strings.Join(parts, " ")
}
