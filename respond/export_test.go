package respond

// For tests.
var (
	AskPause   = verificationPause
	WatchPause = watchPause
)
