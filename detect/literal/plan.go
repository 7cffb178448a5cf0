package literal

// placement says which three bytes of a literal are looked for, and in which bucket.
type placement struct {
	offset int
	bucket int
}

// plan chooses a placement for each literal.
func plan(literals []string) []placement {
	placements := make([]placement, len(literals))
	for i := range placements {
		placements[i].bucket = i % 8
	}
	return placements
}
