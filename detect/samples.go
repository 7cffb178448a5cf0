package detect

import "slices"

// publicSamples are the fingerprints of credentials that documentation and the tests of SDKs print. They open nothing, and are
// in so many repositories that reporting them would teach people to look away. See [Secret.Fingerprint] for how one is made.
var publicSamples = [...]string{
	"3f01a300b530bf2be685f6f2fffd39ff", // API key in @clerk/backend's fixtures, in every node_modules that has it
	"6f7e9fced619665fec02e5c0013876cd", // webhook secret in Svix's documentation and the tests of its SDKs
	"5f182158cf4d0fbed30981ff0f804909", // webhook secret in the Standard Webhooks specification and its libraries
}

// isSample reports whether the secret is one that documentation prints.
func (s *Scanner) isSample(secret Secret) bool {
	return slices.Contains(s.samples, secret.Fingerprint())
}
