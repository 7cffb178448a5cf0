package budget

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Share returns the budget for decoders and readers in a process that may use limit bytes, as [ProcessLimit] finds it.
func Share(limit int64) int64 {
	if limit == math.MaxInt64 {
		return ProcessMemory
	}
	return min(max(limit/MemoryShare, LeastMemory), MostMemory)
}

// ProcessLimit returns how many bytes the process may use: the least of goLimit, which is what debug.SetMemoryLimit(-1)
// returns, and of the limits of its control groups, of version 1 or 2. root is the file system at "/". The result is
// math.MaxInt64 where nothing bounds it.
func ProcessLimit(root fs.FS, goLimit int64) int64 {
	limit := goLimit
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return limit
	}
	lines := bufio.NewScanner(bytes.NewReader(groups))
	for lines.Scan() {
		// hierarchy-ID:controllers:path
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		switch {
		case parts[1] == "":
			limit = min(limit, groupLimit(root, "sys/fs/cgroup", parts[2], "memory.max"))
		case hasController(parts[1], "memory"):
			limit = min(limit, groupLimit(root, "sys/fs/cgroup/memory", parts[2], "memory.limit_in_bytes"))
		}
	}
	return limit
}

func hasController(list, name string) bool {
	for c := range strings.SplitSeq(list, ",") {
		if c == name {
			return true
		}
	}
	return false
}

// unlimited is from where on a control group's limit is none: version 1 writes the largest number of pages that it can hold.
const unlimited = 1 << 60

// groupLimit returns the least limit of a control group and those around it. In a container the group's path may be one
// of the host's that is not to be seen: its root is the container's own then.
func groupLimit(root fs.FS, mount, group, file string) int64 {
	limit := int64(math.MaxInt64)
	for dir := path.Join(mount, path.Clean("/"+group)); ; dir = path.Dir(dir) {
		if text, err := fs.ReadFile(root, path.Join(dir, file)); err == nil {
			if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < unlimited {
				limit = min(limit, n)
			}
		}
		if dir == mount || !strings.HasPrefix(dir, mount) {
			return limit
		}
	}
}
