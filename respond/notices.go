package respond

// The limits of notices that a target gets one by one in an hour: what is beyond goes into a digest. Those of one
// repository are fewer, so that a flood in one hides nothing of the others.
const (
	noticesOfRepository = 10
	noticesInAll        = 60
)

// TellNow reports whether a target that was told so often in the last hour, of this repository and in all, is told of
// another event by itself.
func TellNow(ofRepository, inAll int) bool {
	return ofRepository < noticesOfRepository && inAll < noticesInAll
}
