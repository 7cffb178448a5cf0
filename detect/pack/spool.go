package pack

import (
	"errors"
	"fmt"
	"os"
)

// spool keeps bytes in memory up to limit and in a temporary file beyond. The file has lost its name before the first
// byte is written, where the system allows that, so that nothing is left even by a kill.
type spool struct {
	dir    string
	limit  int64
	memory []byte
	file   *os.File
	size   int64
	unmap  func() error
}

func (s *spool) Write(b []byte) (int, error) {
	if s.file == nil {
		if s.size+int64(len(b)) <= s.limit {
			s.memory = append(s.memory, b...)
			s.size += int64(len(b))
			return len(b), nil
		}
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	n, err := s.file.Write(b)
	s.size += int64(n)
	return n, err
}

func (s *spool) spill() (err error) {
	if s.file, err = os.CreateTemp(s.dir, "rekey-*.tmp"); err != nil {
		return fmt.Errorf("spool a pack to disk: %w", err)
	}
	os.Remove(s.file.Name()) // fails where open files keep their names; Close removes it there
	_, err = s.file.Write(s.memory)
	s.memory = nil
	return err
}

// bytes returns all that was written. They are valid until close; nothing may be written any more.
func (s *spool) bytes() (data []byte, err error) {
	if s.file == nil {
		return s.memory, nil
	}
	data, s.unmap, err = mapFile(s.file, s.size)
	return data, err
}

func (s *spool) close() error {
	var errs []error
	if s.unmap != nil {
		errs = append(errs, s.unmap())
		s.unmap = nil
	}
	if s.file != nil {
		errs = append(errs, s.file.Close())
		os.Remove(s.file.Name())
		s.file = nil
	}
	s.memory = nil
	return errors.Join(errs...)
}
