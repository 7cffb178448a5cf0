//go:build unix && !linux

package scan

// endsShort is not known here.
func endsShort(int) bool { return false }
