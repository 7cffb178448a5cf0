package respond

import "github.com/rekey-app/rekey/respond/ledger"

// AllowedEverywhere tells whether every place of the leak carries rekey:allow and the leak is one that it silences: then it
// gets no issue.
func AllowedEverywhere(l ledger.Leak, sightings []ledger.Sighting) bool {
	for _, s := range sightings {
		if !allowedHere(l, s) {
			return false
		}
	}
	return len(sightings) > 0
}
