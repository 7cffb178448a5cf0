package texts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/github"
)

// file is a download that is here: it can be read in any order.
type file struct {
	io.ReadSeeker
	io.ReaderAt
	size int64
	cut  bool // it was larger than its limit: this is the beginning
	on   *os.File
}

// fetched takes a download, and closes it. What is larger than its limit is cut there.
func fetched(body io.ReadCloser, err error, dir string) (*file, error) {
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var held bytes.Buffer
	n, err := io.CopyN(&held, body, budget.FileHeld)
	if err == nil {
		return spooled(&held, body, dir)
	}
	cut := errors.Is(err, github.ErrAboveLimit)
	if !cut && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r := bytes.NewReader(held.Bytes())
	return &file{ReadSeeker: r, ReaderAt: r, size: n, cut: cut}, nil
}

func spooled(held io.Reader, body io.Reader, dir string) (*file, error) {
	on, err := os.CreateTemp(dir, "rekey-file-*")
	if err != nil {
		return nil, fmt.Errorf("keeping a file while it is read: %w", err)
	}
	f := &file{ReadSeeker: on, ReaderAt: on, on: on}
	f.size, err = io.Copy(on, io.MultiReader(held, body))
	if f.cut = errors.Is(err, github.ErrAboveLimit); f.cut {
		err = nil
	}
	if err == nil {
		_, err = on.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// close removes what is on disk.
func (f *file) close() {
	if f.on != nil {
		_ = f.on.Close()
		_ = os.Remove(f.on.Name())
	}
}
