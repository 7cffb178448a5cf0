package rotate

import (
	"cmp"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

func warnings(f Facts, r recipe) []string {
	var out []string
	if f.endsAll() {
		when := "WHEN IT IS ROTATED"
		if f.Overlap > 0 {
			when = strings.ToUpper(hours(f.Overlap)) + " LATER"
		}
		out = append(out, "ROTATION BY CLERK'S API ENDS ALL SECRET KEYS OF THIS INSTANCE, "+when+", not only the compromised one. "+
			"Whatever uses another key of the instance stops working then, unless it gets the new one. To replace one key alone, use --guided.")
	}
	if r.warning != "" {
		out = append(out, r.warning)
	}
	if f.Dead {
		return append(out, "The old "+r.noun+" no longer works: what still uses it is down until it has the new one.")
	}
	if f.Abused && f.Way == Guided && r.end != "" {
		out = append(out, "THE OLD "+strings.ToUpper(r.noun)+" IS DELETED FIRST: the app is down until the new one is deployed.")
	}
	if f.Way == ByAPI && f.Overlap == 0 && f.Shared.Fingerprint == "" && f.Subject.Kind != detect.OAuthClientSecret {
		out = append(out, "THE OLD "+strings.ToUpper(r.noun)+" STOPS WORKING AT ONCE: the app is down until the new one is deployed.")
	}
	return out
}

func (f Facts) createText(r recipe) string {
	if f.Shared.Fingerprint != "" {
		return "The new " + r.noun + " is " + f.Shared.Redacted + ": the rotation in " + f.SharedBy + " made it on " + format.Time(f.Shared.At) + "."
	}
	switch f.Way {
	case Made:
		return r.create
	case ByAPI:
		of := f.Instance.label()
		if f.Resource.ID != "" {
			of = cmp.Or(f.Resource.Name, f.Resource.ID)
		}
		text := "rekey has Clerk's API make a new " + r.noun + " for " + of + "."
		switch {
		case f.Overlap > 0:
			text += " The old one keeps working for " + hours(f.Overlap) + "."
		default:
			text += " The old one stops working at once."
		}
		return text
	case Guided:
	}
	text := r.create
	if page := cmp.Or(f.Subject.Dashboard, r.page); page != "" {
		text = "You open " + page + ", " + onPage(f) + strings.ToLower(text[:1]) + text[1:]
	}
	if r.written {
		text += " Then you paste it here; it isn't shown."
	}
	return text
}

// onPage says what to choose on the dashboard's page before anything else.
func onPage(f Facts) string {
	if f.Subject.Dashboard != "" {
		return ""
	}
	app := ""
	if f.Instance.Name != "" {
		app = "the application " + f.Instance.Name + " and "
	}
	switch f.Subject.Environment {
	case detect.Live:
		return "choose " + app + "Production at the top left, then "
	case detect.Test:
		return "choose " + app + "Development at the top left, then "
	}
	return ""
}

func (f Facts) proveText() string {
	if f.Instance.ID != "" {
		return "rekey asks Clerk whether the new key works and is of the instance " + f.Instance.ID + ". Until then nothing is written."
	}
	return "rekey asks Clerk whether the new key works, and of which instance it is. Until then nothing is written."
}

// changeText says where the credential is in git.
func (f Facts) changeText(r recipe) string {
	if len(f.Subject.Places) == 0 {
		return ""
	}
	var at []string
	for _, p := range f.Subject.Places {
		at = append(at, placeText(p))
	}
	more := ""
	if len(at) > 5 {
		more = " and " + count(len(at)-5) + " more"
		at = at[:5]
	}
	what := "Files in git still hold the old " + r.noun + ": " + strings.Join(at, ", ") + more + "."
	if name := cmp.Or(f.Subject.variable(), ""); name != "" {
		return what + " Read " + name + " there instead, or delete the line, and commit that. rekey doesn't change files that git tracks."
	}
	return what + " Delete it there, and commit that."
}

func (f Facts) endText(r recipe) string {
	switch {
	case f.Way == ByAPI && f.Overlap > 0 && !f.Shared.OldEnds.IsZero():
		return "The old " + r.noun + " ends by itself on " + format.Time(f.Shared.OldEnds) + "."
	case f.Way == ByAPI && f.Overlap > 0:
		return "The old " + r.noun + " ends by itself, " + hours(f.Overlap) + " after the rotation."
	case f.Way == ByAPI:
		return ""
	case r.end == "", f.Dead:
		return ""
	case f.Abused:
		return f.ending("You delete OLD on PAGE now: someone else is using it. The app is down until the new one is deployed.", r)
	}
	return f.ending(r.end, r)
}

// ending names the old credential and the page.
func (f Facts) ending(text string, r recipe) string {
	old := "the old " + r.noun
	if f.Subject.Redacted != "" {
		old += " " + f.Subject.Redacted
	}
	return strings.NewReplacer("OLD", old, "PAGE", cmp.Or(f.Subject.Dashboard, r.page, "its page in the dashboard")).Replace(text)
}
