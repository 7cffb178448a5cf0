package agent

import (
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// text is one text of an event.
type text struct {
	field string // of the event, from the top: tool_input.command; "" for a file on the disk
	path  string // of the file that it is, or is to be, in; "" for none
	value string
	parts []string // of a file on the disk: what the event wrote there
}

// old are the fields that hold what was in a file before an edit: with a key in them, the edit may well remove it.
var old = []string{"old_string", "old_str", "old_line", "old_text", "old_source", "oldString", "originalFile"}

// fresh are the fields that hold what is in a file, or what an edit writes there.
var fresh = []string{"new_string", "new_str", "new_line", "new_text", "new_source", "content", "contents", "file_text"}

// maxFile is the largest file that is read, in bytes.
const maxFile = 8 << 20

// texts returns all strings of the event but those that an edit takes away, and the file that it wrote or attached, where that
// is a regular one in the project.
func (e *event) texts(roots []string) []*text {
	var all []*text
	for field, value := range walk(e.fields) {
		t := &text{field: field, value: value}
		if e.file != "" && slices.Contains(fresh, last(field)) {
			t.path = e.shown(e.file)
		}
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *text) int { return strings.Compare(a.field, b.field) })
	roots = slices.Concat(e.roots, roots)
	if e.phase == afters && e.file != "" {
		if t := e.written(roots, all); t != nil {
			all = append(all, t)
		}
	}
	for _, file := range e.attached() {
		if value, ok := readInside(roots, file); ok {
			all = append(all, &text{path: e.shown(file), value: value, parts: []string{value}})
		}
	}
	return all
}

// written is the file on the disk that the event's tool wrote, with what it wrote there: a key may be whole only there. It is
// nil where nothing was written, or nothing may be read.
func (e *event) written(roots []string, all []*text) *text {
	var parts []string
	for _, t := range all {
		if slices.Contains(fresh, last(t.field)) && !strings.HasPrefix(t.field, "tool_response") && t.value != "" {
			parts = append(parts, t.value)
		}
	}
	if parts == nil {
		return nil
	}
	value, ok := readInside(roots, e.file)
	if !ok {
		return nil
	}
	return &text{path: e.shown(e.file), value: value, parts: parts}
}

// attached are the files that are sent with a prompt, as Cursor names them.
func (e *event) attached() []string {
	list, _ := e.fields["attachments"].([]any)
	var files []string
	for _, item := range list {
		fields, _ := item.(map[string]any)
		for _, name := range []string{"file_path", "filePath"} {
			if file, _ := fields[name].(string); file != "" {
				files = append(files, file)
			}
		}
	}
	return files
}

// wrote reports whether a finding is in what the event brought. Of a file on the disk that is what was written there now.
func (t *text) wrote(f detect.Finding) bool {
	if t.field != "" {
		return true
	}
	for _, part := range t.parts {
		for from := 0; from < len(t.value); {
			i := strings.Index(t.value[from:], part)
			if i < 0 {
				break
			}
			start, end := from+i, from+i+len(part)
			if f.Place.Offset < int64(end) && int64(start) < f.Place.End {
				return true
			}
			from = end
		}
	}
	return false
}

// shown is a file's path as people know it: from the project's root.
func (e *event) shown(file string) string {
	for _, root := range e.roots {
		if rel, err := filepath.Rel(root, file); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.ToSlash(file)
}

// readInside reads a regular file that is in one of the directories, whatever links there are on the way. It waits for no pipe.
func readInside(roots []string, file string) (string, bool) {
	for _, dir := range roots {
		rel, err := filepath.Rel(dir, file)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			continue
		}
		value, ok := readIn(root, rel)
		root.Close()
		if ok {
			return value, true
		}
	}
	return "", false
}

func readIn(root *os.Root, rel string) (string, bool) {
	info, err := root.Stat(rel)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxFile {
		return "", false
	}
	f, err := root.Open(rel)
	if err != nil {
		return "", false
	}
	defer f.Close()
	value, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(value), err == nil
}

// walk returns the strings in what JSON decodes to, each with where it stands. Names of members are strings too.
func walk(v any) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) { each("", v, yield) }
}

func each(at string, v any, yield func(string, string) bool) bool {
	switch v := v.(type) {
	case string:
		return yield(at, v)
	case []any:
		for _, item := range v {
			if !each(at, item, yield) {
				return false
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if slices.Contains(old, name) {
				continue
			}
			field := strings.TrimPrefix(at+"."+name, ".")
			if !yield(field, name) || !each(field, v[name], yield) {
				return false
			}
		}
	}
	return true
}

// last is the last name of a field.
func last(field string) string { return field[strings.LastIndexByte(field, '.')+1:] }
