//go:build unix

package detect_test

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time that the process has taken for itself, on all threads. Other processes do not count.
func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
