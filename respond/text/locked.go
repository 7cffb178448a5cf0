package text

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// Which file decided is said where it makes a difference to the reader: where nothing is enforced, and where a lock keeps a
// repository's own settings from counting.

// writeObserving says that the check cannot fail, and who wants that.
func (v checkView) writeObserving(b *strings.Builder) {
	if v.Policy.Observes() {
		b.WriteString("**Observing only:** " + sourceOf(v.Policy.Origins["mode"]) + " sets `mode: observe`, so this check doesn't fail and no issue is filed.\n\n")
	}
}

// writeLocked names the repository's own settings that locks keep from counting.
func (v checkView) writeLocked(b *strings.Builder) {
	var lockers []respond.PolicySource
	for _, i := range v.Policy.Ignored {
		if i.From == respond.SourceRepository && !slices.Contains(lockers, i.By) {
			lockers = append(lockers, i.By)
		}
	}
	for _, by := range lockers {
		var names []string
		for _, i := range v.Policy.Ignored {
			if i.From == respond.SourceRepository && i.By == by {
				names = append(names, settingName(i))
			}
		}
		b.WriteString("**Ignored in this repository's policy**, because " + sourceOf(by) + " locks it: " + strings.Join(names, ", ") + ".\n\n")
	}
}

// settingName is a setting as a file has it, without what is long.
func settingName(i respond.IgnoredSetting) string {
	if i.Value == "" {
		return markdown.Code(i.Setting)
	}
	return markdown.Code(i.Setting + ": " + i.Value)
}

// sourceOf names a policy's file within a sentence.
func sourceOf(s respond.PolicySource) string {
	switch s {
	case respond.SourceDefault:
		return "rekey's default"
	case respond.SourceServer:
		return "the rekey server's policy"
	case respond.SourceRepository:
		return "this repository's " + markdown.Code(respond.PolicyPath)
	}
	return markdown.Code(string(s))
}

// meanwhile says what applies until a policy file is fixed.
func (v checkView) meanwhile() string {
	switch file := v.PolicyFile; {
	case file.Partial:
		return "Until it is fixed, this setting is ignored; the rest of the file applies."
	case file.Organisation && file.Kept:
		return "Until it is fixed, the last valid version applies in all repositories of " + markdown.Code(v.Repository.Owner) + "."
	case file.Organisation:
		return "Until it is fixed, it is ignored: the server's policy applies."
	}
	return "Until it is fixed, it is ignored: the organisation's and the server's policies apply."
}

// writeKept says that the organisation's policy is not what its repository has now.
func (v checkView) writeKept(b *strings.Builder) {
	if k := v.Policy.Kept; k.Source != "" {
		b.WriteString("**The policy in " + sourceOf(k.Source) + " can't be used:** " + k.Problem + ". The last valid version, from " + format.Date(k.Read) + ", applies.\n\n")
	}
}
