package pack

import (
	"errors"
	"os"
	"runtime"

	"github.com/rekey-app/rekey/detect/budget"
)

// Options bound what reading a pack may cost. The zero value gives the defaults.
type Options struct {
	SpillOver    int64  // bytes of pack kept in memory; what is larger goes to a temporary file. Default 8 MiB
	TempDir      string // where it goes; default os.TempDir
	Workers      int    // default GOMAXPROCS
	Memory       int64  // bytes of inflated objects held at once by all workers; what is larger goes through temporary files. Default 48 MiB
	MaxPack      int64  // bytes a pack from a stream may have. Default 16 GiB
	MaxObjects   int    // objects a pack may have; each costs about 22 bytes of memory. Default 16 Mi
	MaxObject    int64  // bytes one inflated object may have. Default 4 GiB
	MaxInflated  int64  // bytes all inflated objects of a scan may have together. Default 1 TiB
	MaxTrees     int64  // bytes kept of trees where there is a finding; paths that take more are left out, as [Report.Skipped] says. Default 2 GiB
	MaxFindings  int    // findings kept of a scan, the most urgent first; that there are more is a limit in [Report.Skipped]. Default 10,000
	MaxPlaces    int    // sightings reported of one credential; the others are counted in [Report.More]. Default 1,000
	MaxSightings int    // sightings reported in all, one of each credential before two of any; as MaxPlaces. Default 20,000

	// Budget is what all scans of the process may hold together of what grows with a pack: objects that go through temporary
	// files where it has no room, tables of objects, and what is kept of a history. nil is no bound but the above.
	Budget *budget.Memory

	// Progress, if not nil, is told how far reading is: for each MiB of a pack that arrives and at its end, then some 200
	// times in each walk through the objects. It is called by one goroutine at a time, which it holds up.
	Progress func(Progress)
}

// Progress is how far a pack has arrived, or a scan has come.
type Progress struct {
	Arriving       bool // in [Open]; else in a scan
	Objects, Total int
	Bytes          int64 // arrived, of the pack; or inflated
}

// progressSteps is how often Progress is told.
const progressSteps = 200

func (o Options) withDefaults() Options {
	or := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&o.SpillOver, budget.PackSpill)
	or(&o.Memory, budget.PackMemory)
	or(&o.MaxPack, budget.PackMaxSize)
	or(&o.MaxObject, budget.PackObject)
	or(&o.MaxInflated, budget.PackInflated)
	or(&o.MaxTrees, budget.PackTrees)
	if o.TempDir == "" {
		o.TempDir = os.TempDir()
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	for v, d := range map[*int]int{
		&o.MaxObjects: budget.PackObjects, &o.MaxFindings: budget.PackFindings, &o.MaxPlaces: budget.PackPlaces,
		&o.MaxSightings: budget.PackSightings,
	} {
		if *v <= 0 {
			*v = d
		}
	}
	return o
}

// mostTaken is how many places are looked at, though not all are kept.
func (o Options) mostTaken() int { return 10 * o.MaxSightings }

// ErrCorrupt is wrapped by every error about bytes that are no valid pack or object.
var ErrCorrupt = errors.New("corrupt pack")

// ErrLimit is wrapped by every error about a pack that asks for more than [Options] allow.
var ErrLimit = errors.New("over the limit")

// ErrMemory is wrapped where other scans hold so much memory that there is none for this one: later there may be.
var ErrMemory = errors.New("no memory left beside other scans")

// ErrNotFound is wrapped where an object is asked for that is not there.
var ErrNotFound = errors.New("object not found")
