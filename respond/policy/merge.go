package policy

import (
	"slices"

	"github.com/rekey-app/rekey/respond"
)

// Merge returns the policy that the files make, each over those before it: the server's, the organisation's, the
// repository's. What a file says replaces what those before it said, and allowed things add up, unless a file before it
// locks the setting: then it may only be stricter.
func Merge(files ...File) respond.Policy {
	p := respond.DefaultPolicy()
	locks := map[string]respond.PolicySource{}
	for _, f := range files {
		for _, s := range settings() {
			by, locked := s.lockedBy(locks)
			if s.always && !locked {
				by, locked = p.Origins[s.name], true
			}
			switch s.merge(&p, f, locked) {
			case decided:
				p.Origins = with(p.Origins, s.name, f.Source)
			case ignored:
				p.Ignored = append(p.Ignored, respond.IgnoredSetting{Setting: s.name, Value: s.value(f), From: f.Source, By: by})
			case unsaid, agreed:
			}
		}
		for _, name := range f.Lock {
			if _, locked := locks[name]; !locked {
				locks[name] = f.Source
			}
		}
	}
	return p
}

// Over returns the policy of a repository whose own file is over others. Where closing a production key takes two people, its
// fingerprints don't count for production keys: one person's push is not two people's word.
func Over(above []File, own File) respond.Policy {
	p := Merge(slices.Concat(above, []File{own})...)
	if p.Ignore.Approval.Required() {
		p = Merge(slices.Concat(above, []File{own.Unvouched()})...)
	}
	return p
}

// with notes which file decided a setting, if the file has a name.
func with(origins map[string]respond.PolicySource, name string, source respond.PolicySource) map[string]respond.PolicySource {
	if source == respond.SourceDefault {
		return origins
	}
	if origins == nil {
		origins = map[string]respond.PolicySource{}
	}
	origins[name] = source
	return origins
}
