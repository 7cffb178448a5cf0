package text

import (
	"slices"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

func needsMaintainer(r respond.Reply) string {
	reason := "Clerk can't confirm that this credential is revoked"
	if r.Leak.Verifiable() {
		reason = "The policy doesn't let rekey ask Clerk"
	}
	return reason + ", so closing a production credential needs a maintainer or admin of " + markdown.Code(r.Repository.FullName()) + "."
}

// productionAllowed reports whether a policy allows a production key of the check: it passes as neutral, so that it is seen.
func (v checkView) productionAllowed() bool {
	return slices.ContainsFunc(v.closed, func(l leakView) bool {
		return l.AllowedByPolicy()
	})
}

// uncounted says of open production keys that the repository's policy allows in vain why it does not count.
func (v checkView) uncounted() string {
	allowed := map[string]string{}
	for _, a := range v.Policy.Allow.Fingerprints {
		if !a.Production {
			allowed[a.Fingerprint] = a.By
		}
	}
	for _, l := range v.failing {
		by, named := allowed[l.Fingerprint]
		if !named || !l.Production() {
			continue
		}
		if v.Policy.Ignore.Approval.Required() {
			return "The policy lists a production key of this check in `allow.fingerprints`, and that doesn't count: `ignore.approval` wants a second person, " +
				"and an entry in the repository's own file is one person's word. Ask with `/rekey ignore <reason>` instead.\n\n"
		}
		who := "nobody is known to have pushed the entry"
		if by != "" {
			who = markdown.Code(by) + " pushed the entry"
		}
		return "The policy lists a production key of this check in `allow.fingerprints`, and that doesn't count: " + who +
			". It counts when a maintainer or admin pushes it to the default branch; they can also dismiss the leak with `/rekey ignore <reason>`.\n\n"
	}
	return ""
}
