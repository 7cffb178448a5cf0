package text

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond"
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
