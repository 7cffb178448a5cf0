package scan

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// listingSize is how much of a directory is read at once: some 1,500 entries.
const listingSize = 64 << 10

// Where the fields of linux_dirent64 stand (getdents64(2)).
const (
	direntLength = 16
	direntType   = 18
	direntName   = 19
)

// entries returns the names of the regular files and of the directories of d, in the order of the file system, which is
// the quickest to read them in. .git is left out. With an error, it returns those before.
func (r *reader) entries(d directory) (files, dirs []string, err error) {
	if r.listing == nil {
		r.listing = make([]byte, listingSize)
	}
	files = []string{}
	for {
		n, err := getdents(d.fd, r.listing)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return files, dirs, err
		}
		for rest := r.listing[:n]; len(rest) > direntName; {
			length := int(binary.NativeEndian.Uint16(rest[direntLength:]))
			if length <= direntName || length > len(rest) {
				return files, dirs, unix.EIO
			}
			name := rest[direntName:length]
			if end := bytes.IndexByte(name, 0); end >= 0 {
				name = name[:end]
			}
			kind := rest[direntType]
			rest = rest[length:]
			if string(name) == "." || string(name) == ".." || string(name) == ".git" {
				continue
			}
			if kind == unix.DT_UNKNOWN {
				kind = d.kind(string(name))
			}
			switch kind {
			case unix.DT_REG:
				files = append(files, string(name))
			case unix.DT_DIR:
				dirs = append(dirs, string(name))
			}
		}
	}
}

// kind asks for what the file system does not say in its listing. What is gone is taken for a file, whose opening tells.
func (d directory) kind(name string) byte {
	var stat unix.Stat_t
	if err := unix.Fstatat(d.fd, name, &stat, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return unix.DT_REG
	}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		return unix.DT_REG
	case unix.S_IFDIR:
		return unix.DT_DIR
	}
	return unix.DT_UNKNOWN
}
