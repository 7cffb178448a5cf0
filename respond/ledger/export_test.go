package ledger

import "time"

// SetPulse makes processes on PostgreSQL give signs of life more often, and be taken for dead sooner.
func (s *Store) SetPulse(beatEvery, silence time.Duration) {
	s.beatEvery, s.silence = beatEvery, silence
}
