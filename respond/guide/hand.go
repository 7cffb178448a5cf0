package guide

import (
	"context"
)

// Variable returns the name of the environment variable that holds this kind of credential: the one that it leaked under, where that is a sound one,
// else the one that Clerk's SDK for the repository's framework reads. "" for kinds that no SDK reads. It costs as much as [For].
func Variable(ctx context.Context, l Leak, files Files) string { return survey(ctx, l, files).variable }

// Setting is how the credential is set at one host or store.
type Setting struct {
	Host string // as people call it: "Convex"
	Step Step
}

// Settings returns where the credential is set, as far as the repository's files say, in the order of [For], each with the step that sets it there.
func Settings(ctx context.Context, l Leak, files Files) []Setting {
	r := survey(ctx, l, files)
	var out []Setting
	for _, x := range r.targets {
		if step, ok := x.step(r.needsCommit()); ok {
			out = append(out, Setting{Host: x.name, Step: step})
		}
	}
	return out
}
