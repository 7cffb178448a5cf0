package text

import (
	"fmt"
	"unicode/utf8"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/markdown"
)

// annotations marks what stands at head and was not marked before. Annotations are plain text, not Markdown.
func (v checkView) annotations() (out []Annotation, ids []int64) {
	hide := v.hidden() || !v.Repository.Private && v.Policy.Public.HideLines
	for _, set := range []struct {
		leaks []leakView
		level Level
	}{{v.failing, LevelFailure}, {v.tolerated, LevelWarning}, {v.unsure, LevelWarning}} {
		for _, l := range set.leaks {
			for _, p := range l.atHead() {
				if hide || p.Annotated || !annotatable(p.Sighting) || l.Leak.AllowedInline(p.Sighting) {
					continue
				}
				out = append(out, annotation(l.Leak, p.Sighting, set.level))
				ids = append(ids, p.Sighting.ID)
			}
		}
	}
	if v.PolicyFile.Message != "" {
		out = append(out, Annotation{
			Path: respond.PolicyPath, StartLine: max(1, v.PolicyFile.Line), EndLine: max(1, v.PolicyFile.Line),
			Level: LevelFailure, Title: "Invalid policy", Message: v.PolicyFile.Message,
		})
	}
	return out, ids
}

// annotatable reports whether GitHub can show a mark there: in a file, whose path is text.
func annotatable(s respond.Sighting) bool {
	return s.InFile() && s.Path != "" && utf8.ValidString(s.Path)
}

// howToReplace says in a line what ends a leak of that kind.
func howToReplace(l respond.Leak) string {
	if l.Kind == detect.SecretKey || l.Kind == detect.LegacyAPIKey {
		return "Removing the line isn't enough: the key works until it is deleted in Clerk. Add a new key, deploy it, then delete this one."
	}
	return "Removing the line isn't enough: it works until it is replaced."
}

func annotation(l respond.Leak, s respond.Sighting, level Level) Annotation {
	first, last := lines(s)
	a := Annotation{
		Path:      s.Path,
		StartLine: max(1, first),
		EndLine:   max(1, last),
		Level:     level,
		Title:     markdown.Title(fmt.Sprintf("Clerk %s %s", describe(l), redacted(l))),
	}
	if first == last && first > 0 && s.Column > 0 {
		a.StartColumn, a.EndColumn = s.Column, max(s.Column, s.EndColumn-1)
	}
	switch {
	case level == LevelFailure || l.Sure():
		a.Message = "Treat this " + noun(l.Kind) + " as compromised. " + howToReplace(l)
	default:
		a.Message = "This looks like a Clerk credential, but something doesn't fit. If it is one, rotate it."
	}
	if s.Member != "" {
		a.Message += "\nIt is inside this file, in " + markdown.Plain(s.Member) + "."
	}
	if s.Encoded() {
		a.Message += "\nIt is encoded: " + markdown.Plain(s.Encoding) + "."
	}
	if l.Browser {
		a.Message += "\n" + markdown.Plain(l.Variable) + " is shipped to browsers: use another name, in server code only."
	}
	return a
}
