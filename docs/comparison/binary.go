package main

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/rekey-app/rekey/detect"
)

// binaries plants credentials in formats that write a string's length before it: for a secret key that is the byte of a digit.
func (c *Corpus) binaries() {
	c.binary("binary/turbopack.sst", prefixed(nil))
	c.binary("binary/settings.pb", prefixed([]byte{0x12})) // protobuf, field 2
	c.binary("binary/settings.msgpack", prefixed([]byte{0xd9}))
	c.binary("binary/Settings.class", javaClass)
	c.binary("binary/settings.db", c.sqlite)
	c.add("binary/settings.jar", c.zipped("com/example/Settings.class", c.strings("binary/settings.jar!com/example/Settings.class", javaClass)))
}

// binary writes a file that has the strings of a program, among them credentials.
func (c *Corpus) binary(path string, write func([]string) []byte) {
	c.add(path, c.strings(path, write))
}

// strings returns what write makes of a program's strings, and notes the credentials among them at path.
func (c *Corpus) strings(path string, write func([]string) []byte) []byte {
	key, _ := c.credential("live", "")
	hook, _ := c.credential("webhook", "")
	out := write([]string{"CLERK_SECRET_KEY", key.value, "COLOR", "CLERK_WEBHOOK_SECRET", hook.value, "PORT"})
	for _, p := range []Plant{key, hook} {
		at := bytes.Index(out, []byte(p.value))
		if at < 0 {
			c.fail("%s does not hold its credential", path)
			return nil
		}
		p.Path, p.Line, p.Fingerprint = path, 1+bytes.Count(out[:at], []byte("\n")), detect.NewSecret(p.value).Fingerprint()
		p.EndLine = p.Line
		c.Plants = append(c.Plants, p)
	}
	return out
}

// prefixed writes each string behind tag and its length, in one byte.
func prefixed(tag []byte) func([]string) []byte {
	return func(all []string) []byte {
		var out []byte
		for _, s := range all {
			out = append(append(append(out, tag...), byte(len(s))), s...)
		}
		return out
	}
}

// javaClass is a class file as far as its constant pool.
func javaClass(all []string) []byte {
	out := []byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61}
	out = binary.BigEndian.AppendUint16(out, uint16(len(all)+1))
	for _, s := range all {
		out = append(binary.BigEndian.AppendUint16(append(out, 1), uint16(len(s))), s...)
	}
	return append(out, make([]byte, 300)...)
}

// sqlite is a database with a table of names and values.
func (c *Corpus) sqlite(all []string) []byte {
	dir, err := os.MkdirTemp("", "rekey-comparison-")
	if err != nil {
		c.fail("sqlite: %v", err)
		return nil
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "settings.db")
	db, err := sql.Open("sqlite", name)
	if err == nil {
		_, err = db.Exec("CREATE TABLE settings (name TEXT, value TEXT, note TEXT)")
	}
	for i := 0; err == nil && i+1 < len(all); i += 3 {
		_, err = db.Exec("INSERT INTO settings VALUES (?, ?, ?)", all[i], all[i+1], strings.Repeat("note", 5))
	}
	if err == nil {
		err = db.Close()
	}
	var content []byte
	if err == nil {
		content, err = os.ReadFile(name)
	}
	if err != nil {
		c.fail("sqlite: %v", err)
	}
	return content
}
