package scan

import "golang.org/x/sys/unix"

// endsShort reports whether a read(2) from files of this directory that returns less than it was asked for came to the end
// of the file, or to a page that cannot be read. So it is where files are read through the page cache.
func endsShort(dir int) bool {
	var stat unix.Statfs_t
	if unix.Fstatfs(dir, &stat) != nil {
		return false
	}
	switch stat.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC:
		return true
	}
	return false
}
