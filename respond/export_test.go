package respond

import "time"

// For tests.
var (
	AskPause   = verificationPause
	WatchPause = watchPause
)

// Awake is the moment itself, or the end of the quiet hours in which it is.
func Awake(p RemindPolicy, at time.Time) time.Time { return p.awake(at) }
