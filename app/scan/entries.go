package scan

import (
	"errors"
	"io"
)

// entries returns the names of the regular files and of the directories of d, in the order of the file system. .git is
// left out. With an error, it returns those before.
func (r *reader) entries(d directory) (files, dirs []string, err error) {
	files = []string{}
	f, err := d.list()
	if err != nil {
		return files, nil, err
	}
	defer f.Close()
	for {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			switch {
			case e.Name() == ".git":
			case e.IsDir():
				dirs = append(dirs, e.Name())
			case e.Type().IsRegular():
				files = append(files, e.Name())
			}
		}
		if errors.Is(err, io.EOF) {
			return files, dirs, nil
		}
		if err != nil {
			return files, dirs, err
		}
	}
}
