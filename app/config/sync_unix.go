//go:build unix

package config

import (
	"errors"
	"os"
)

// syncDirectory brings the names of a directory to the disk.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
