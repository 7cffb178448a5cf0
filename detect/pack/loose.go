package pack

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/zlib"
)

// looseObject is an object in a file of its own.
type looseObject struct {
	id   id
	path string
}

// looseObjects lists what stands under an objects directory.
func looseObjects(objects string) ([]looseObject, error) {
	var found []looseObject
	for first := range 256 {
		dir := filepath.Join(objects, fmt.Sprintf("%02x", first))
		entries, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if i, ok := parseID(fmt.Sprintf("%02x", first) + e.Name()); ok {
				found = append(found, looseObject{i, filepath.Join(dir, e.Name())})
			}
		}
	}
	return found, nil
}

// visitLoose reads a loose object and has it visited, if it is of a wanted kind.
func (s *store) visitLoose(w *walker, l looseObject, wanted kinds, visit func(object) error) error {
	err := s.readLoose(w, l, wanted, visit)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("loose object %v: %w", l.id, err)
	if s.skip(err) || s.tolerant && (errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)) {
		s.name(l.id, err)
		return nil
	}
	return err
}

func (s *store) readLoose(w *walker, l looseObject, wanted kinds, visit func(object) error) error {
	f, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer f.Close()
	stream, err := zlib.NewReader(bufio.NewReaderSize(f, 16<<10))
	if err != nil {
		return inflateError(err)
	}
	content := bufio.NewReaderSize(stream, 4<<10)
	head, err := content.ReadSlice(0)
	if err != nil {
		return inflateError(err)
	}
	name, digits, ok := bytes.Cut(head[:len(head)-1], []byte(" "))
	size, err := strconv.ParseUint(string(digits), 10, 62)
	if !ok || err != nil {
		return fmt.Errorf("%w: header %.40q", ErrCorrupt, head)
	}
	k := kindOf(string(name))
	if k == 0 {
		return fmt.Errorf("%w: unknown type %.20q", ErrCorrupt, name)
	}
	if !wanted.has(k) {
		s.unwanted.Add(1)
		return nil
	}
	if err := w.count(size, false); err != nil {
		return err
	}
	text, ok := w.memory.lend(size)
	if ok {
		_, err = io.ReadFull(content, text.data)
		err = unexpectedEOF(err)
	} else {
		text, err = w.file(func(out *bufio.Writer) error {
			_, err := io.CopyN(out, content, int64(size))
			return unexpectedEOF(err)
		})
	}
	if err == nil {
		if _, end := content.ReadByte(); end != io.EOF {
			err = errors.New("it is longer than its header says")
			if end != nil {
				err = end
			}
		}
	}
	if err != nil {
		w.memory.back(text)
		return inflateError(err)
	}
	defer w.memory.back(text)
	return visit(object{worker: w.number, kind: k, text: text.data, loose: l.id})
}

// kindOf is the inverse of [kind.String]; 0 for what is no object's type.
func kindOf(name string) kind {
	for k := commitKind; k <= tagKind; k++ {
		if k.String() == name {
			return k
		}
	}
	return 0
}
