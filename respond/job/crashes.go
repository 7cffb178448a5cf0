package job

import (
	"encoding/json"

	"github.com/riverqueue/river/rivertype"
)

// Crashes counts how often the process that ran a job ended in the middle of it, for whatever reason: killed, out of memory,
// silent for too long.
type Crashes struct {
	Times int `json:"crashes"`       // the process ended, whatever else it was doing
	Alone int `json:"crashes_alone"` // it was the only job that ran, or the only one that read
}

// CrashesOf reads a job's crashes, which the ledger notes when it takes the job up again. A crash costs no attempt: which of
// the jobs that were running caused it is not known, unless there was one only.
func CrashesOf(row *rivertype.JobRow) Crashes {
	var c Crashes
	_ = json.Unmarshal(row.Metadata, &c) // metadata that cannot be read counts nothing
	return c
}

const (
	// maxCrashesAlone is how often a process may end while it runs nothing but a job, before that job is given up.
	maxCrashesAlone = 3
	// maxCrashes is the same where other jobs always ran as well.
	maxCrashes = 10
)

// TooMany reports whether the job ended its process so often that it is not tried again.
func (c Crashes) TooMany() bool { return c.Alone >= maxCrashesAlone || c.Times >= maxCrashes }
