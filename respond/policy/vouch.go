package policy

import (
	"strings"

	"github.com/rekey-app/rekey/respond"
)

// NewFingerprints returns the entries that a change of the file from before to after brought. Where before cannot be
// read, the fingerprints that it names anyhow are not new: whoever fixes a file does not answer for all that is in it.
func NewFingerprints(before []byte, after File) []respond.AllowedFingerprint {
	there := map[string]bool{}
	file, err := Parse(before)
	for _, f := range file.Allow.Fingerprints {
		there[f.Entry()] = true
	}
	var added []respond.AllowedFingerprint
	for _, f := range after.Allow.Fingerprints {
		if !there[f.Entry()] && (err == nil || !strings.Contains(string(before), f.Fingerprint)) {
			added = append(added, f)
		}
	}
	return added
}

// Production returns the file with all its fingerprints counting for production keys: what the organisation and the
// server say does.
func (f File) Production() File {
	f.Allow.Fingerprints = counting(f.Allow.Fingerprints, func(*respond.AllowedFingerprint) bool { return true })
	return f
}

// Vouched returns the file with those fingerprints counting for production keys that a maintainer or admin wrote. who
// gives login and role of who wrote an entry; "" where nobody is known.
func (f File) Vouched(who func(entry string) (login string, role respond.Role)) File {
	f.Allow.Fingerprints = counting(f.Allow.Fingerprints, func(a *respond.AllowedFingerprint) bool {
		var role respond.Role
		a.By, role = who(a.Entry())
		return role.Maintains()
	})
	return f
}

// Unvouched returns the file with none of its fingerprints counting for production keys.
func (f File) Unvouched() File {
	f.Allow.Fingerprints = counting(f.Allow.Fingerprints, func(*respond.AllowedFingerprint) bool { return false })
	return f
}

func counting(list []respond.AllowedFingerprint, counts func(*respond.AllowedFingerprint) bool) []respond.AllowedFingerprint {
	out := make([]respond.AllowedFingerprint, len(list))
	for i, a := range list {
		a.Production = counts(&a)
		out[i] = a
	}
	return out
}
