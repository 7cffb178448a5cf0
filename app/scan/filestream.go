package scan

import (
	"errors"
	"io"
)

// fileStream counts what is read of a text that does not fit into a buffer. Where there is a file, archives in it can be
// read in any order.
type fileStream struct {
	io.Reader
	file interface {
		io.ReaderAt
		io.Seeker
	}
	meter          *Meter
	size, weight   int64 // of the file, in bytes; and of the work
	read, reported int64
}

func (s *fileStream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.count(n)
	return n, err
}

func (s *fileStream) ReadAt(p []byte, at int64) (int, error) {
	if s.file == nil {
		return 0, errors.ErrUnsupported
	}
	n, err := s.file.ReadAt(p, at)
	s.count(n)
	return n, err
}

// Seek finds the size of the file; where there is none, it fails.
func (s *fileStream) Seek(offset int64, whence int) (int64, error) {
	if s.file == nil {
		return 0, errors.ErrUnsupported
	}
	return s.file.Seek(offset, whence)
}

// count adds to what was read, which in an archive may be more than there is.
func (s *fileStream) count(n int) {
	s.read += int64(n)
	var weight int64
	if s.size > 0 {
		now := int64(float64(s.weight) * min(1, float64(s.read)/float64(s.size)))
		weight = now - s.reported
		s.reported = now
	}
	s.meter.add(0, int64(n), weight)
}

// finish counts what of the weight is left.
func (s *fileStream) finish() {
	s.meter.add(0, 0, s.weight-s.reported)
	s.reported = s.weight
}
