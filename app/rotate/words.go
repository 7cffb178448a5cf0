package rotate

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/guide"
)

func describe(s Subject) string { return respond.Describe(s.Kind, s.Environment) }

func noun(s Subject) string {
	r, _ := recipeFor(s.Kind)
	return cmp.Or(r.noun, "key")
}

func environmentWord(env detect.Environment) string {
	return cmp.Or(respond.EnvironmentName(env), "Clerk")
}

// variable is the name under which the app reads the credential.
func (s Subject) variable() string {
	r, _ := recipeFor(s.Kind)
	if len(r.variables) == 0 {
		return s.Variable
	}
	return r.variables[0]
}

// label names the instance for people: "Shop (production), ins_…".
func (i Instance) label() string {
	name := cmp.Or(i.Name, i.Application)
	if name == "" {
		return "the " + strings.TrimSpace(respond.EnvironmentName(i.Environment)+" instance "+i.ID)
	}
	if i.Environment != "" {
		name += " (" + respond.EnvironmentName(i.Environment) + ")"
	}
	if i.ID != "" {
		name += ", " + i.ID
	}
	return name
}

// hours is a time that Clerk counts in hours.
func hours(d time.Duration) string { return format.Count(int(d/time.Hour), "hour", "hours") }

func count(n int) string { return strconv.Itoa(n) }

func placeText(at guide.Location) string {
	switch {
	case at.Member != "":
		return at.Path + " (inside it: " + at.Member + ")"
	case at.Line > 0:
		return at.Path + ":" + strconv.Itoa(at.Line)
	}
	return at.Path
}
