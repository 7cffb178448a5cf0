//go:build !unix || solaris || illumos || aix || netbsd

package ledger

import "errors"

func freeSpace(string) (int64, error) { return 0, errors.New("not known on this system") }
