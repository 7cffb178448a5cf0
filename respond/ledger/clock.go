package ledger

import "time"

// clocksDiffer is how far the clocks of processes on one database may be apart.
const clocksDiffer = time.Minute

// future begins where no time on record can lie, unless the clock was set back since. What such a row says to be newer than all that is
// new would stand until the clock has caught up: it is taken for as old as anything.
func (tx *Tx) future() time.Time { return tx.now.Add(clocksDiffer) }
