package detect_test

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	_ "modernc.org/sqlite"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// binaryWriters write strings, one after another, as binary formats do.
var binaryWriters = map[string]func(*testing.T, []string) []byte{
	"cache of a bundler": func(_ *testing.T, all []string) []byte {
		var out []byte
		for _, s := range all {
			out = append(append(out, byte(len(s))), s...)
		}
		return append(out, 5, 'C', 'O', 'L', 'O', 'R')
	},
	"protobuf": func(_ *testing.T, all []string) []byte {
		var out []byte
		for _, s := range all {
			entry := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "value")
			entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), s)
			out = protowire.AppendBytes(protowire.AppendTag(out, 1, protowire.BytesType), entry)
		}
		return out
	},
	"Java class":             func(_ *testing.T, all []string) []byte { return javaClass(all) },
	"Java class in a jar":    func(t *testing.T, all []string) []byte { return zipOf(t, "com/example/Settings.class", javaClass(all)) },
	"gob":                    gobOf,
	"MessagePack":            prefixed(func(n int) []byte { return []byte{0xd9, byte(n)} }),
	"CBOR":                   prefixed(func(n int) []byte { return []byte{0x78, byte(n)} }),
	"Python's pickle":        prefixed(func(n int) []byte { return []byte{0x94, 0x8c, byte(n)} }),
	"Python's byte code":     prefixed(func(n int) []byte { return []byte{0xda, byte(n)} }),
	"Avro":                   prefixed(func(n int) []byte { return binary.AppendVarint(nil, int64(n)) }),
	"Kafka":                  prefixed(func(n int) []byte { return binary.AppendUvarint(nil, uint64(n+1)) }),
	"32 bits, little endian": prefixed(func(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }),
	"64 bits, little endian": prefixed(func(n int) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(n)) }),
	"16 bits, little endian": prefixed(func(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }),
	"32 bits, big endian":    prefixed(func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }),
	"SQLite, a value a row": func(t *testing.T, all []string) []byte {
		return sqliteFile(t, "CREATE TABLE kept (value TEXT)", "INSERT INTO kept VALUES (?)", all)
	},
	"SQLite, id and value": func(t *testing.T, all []string) []byte {
		return sqliteFile(t, "CREATE TABLE kept (id INTEGER PRIMARY KEY, value TEXT)", "INSERT INTO kept (value) VALUES (?)", all)
	},
	"SQLite, between other columns": func(t *testing.T, all []string) []byte {
		return sqliteFile(t, "CREATE TABLE kept (name TEXT, rank INTEGER, value TEXT, note TEXT)", "INSERT INTO kept VALUES ('SETTING', 70000, ?, 'noted')", all)
	},
	"SQLite, many columns": func(t *testing.T, all []string) []byte {
		return sqliteFile(t, "CREATE TABLE kept (a, b, c, d REAL, e BLOB, value TEXT, f TEXT)",
			"INSERT INTO kept VALUES (NULL, 1, 'a text of some length that nobody needs', 1.5, x'00ff', ?, '2026-11-28')", all)
	},
}

// prefixed writes each string behind its size, and ends with one that starts as its own size, a letter.
func prefixed(size func(int) []byte) func(*testing.T, []string) []byte {
	return func(_ *testing.T, all []string) []byte {
		out := []byte{0, 1}
		for _, s := range append(slices.Clone(all), strings.Repeat("more", 17)) {
			out = append(append(out, size(len(s))...), s...)
		}
		return out
	}
}

// javaClass is the start of a class file: its constant pool.
func javaClass(all []string) []byte {
	out := []byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 61}
	out = binary.BigEndian.AppendUint16(out, uint16(len(all)*2+1))
	for i, s := range all {
		out = append(binary.BigEndian.AppendUint16(append(out, 1), uint16(len(s))), s...) // CONSTANT_Utf8
		out = binary.BigEndian.AppendUint16(append(out, 8), uint16(2*i+1))                // CONSTANT_String
	}
	return out
}

func zipOf(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	m, err := w.Create(name)
	if err == nil {
		if _, err = m.Write(append(content, make([]byte, 1000)...)); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func gobOf(t *testing.T, all []string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := gob.NewEncoder(&out).Encode(map[string][]string{"settings": all}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sqliteFile(t *testing.T, create, insert string, all []string) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kept.db")
	db, err := sql.Open("sqlite", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if _, err := db.ExecContext(t.Context(), insert, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestSized: binary formats write a string's length before it, which may be a letter or a digit, and the next string may follow
// at once.
func TestSized(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for format, write := range binaryWriters {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			for seed := range int64(20) {
				host := strings.Repeat("o", int(seed)) + "tter.clerk.accounts.dev"
				key, hook, api, claim := detecttest.Key(seed, detect.Live), detecttest.WebhookSecret(seed), detecttest.APIKey(seed), detecttest.ClaimURL(seed)
				text := write(t, []string{"CLERK_SECRET_KEY", key, detecttest.PublishableKey(detect.Live, host), hook, "PORT", api, "HOST", claim, "MODE", key})
				var got []string
				for _, f := range s.Scan(t.Context(), "", text) {
					got = append(got, string(f.Kind)+" "+f.Secret.Reveal())
					if f.Kind == detect.SecretKey && f.Instance != host {
						t.Errorf("seed %d: instance %q, want %q", seed, f.Instance, host)
					}
					if f.Kind == detect.SecretKey && f.Confidence != detect.HighConfidence {
						t.Errorf("seed %d: confidence %s: %q", seed, f.Confidence, f.Reasons)
					}
				}
				want := []string{"secret_key " + key, "secret_key " + key, "webhook_secret " + hook, "claim_url " + detecttest.ClaimToken(seed)}
				if format != "Avro" { // twice the length says nothing of a key whose length is not known
					want = append(want, "api_key "+api)
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Fatalf("seed %d: found %s\nwant %s\nin %q", seed, redactedList(got), redactedList(want), text[:min(len(text), 2000)])
				}
			}
		})
	}
}

func redactedList(all []string) string {
	var out []string
	for _, s := range all {
		kind, value, _ := strings.Cut(s, " ")
		out = append(out, fmt.Sprintf("%s %v", kind, detect.NewSecret(value)))
	}
	return strings.Join(out, ", ")
}

// TestSizedIsNoText: in texts, a letter or digit before a prefix is the end of a word, and one behind a key part of it.
func TestSizedIsNoText(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for seed := range int64(20) {
		key, hook := detecttest.Key(seed, detect.Live), detecttest.WebhookSecret(seed)
		for _, text := range []string{
			"clerk 2" + key, "clerk q" + key, "clerk d" + key, "clerk 3" + key + "x", "clerk " + key + "x", "clerk\t2" + key + "\r\n", "clerk \x1b[32m2" + key + "\x1b[0m",
			"clerk Y" + hook, "clerk " + hook + "y", "clerk L" + hook + "z",
			// Other lengths, and other vendors' prefixes.
			"\x00\x01\x00\x10CLERK_SECRET_KEY\x331" + key, "\x01\x02CLERK\x00am_" + key, "\x01\x02CLERK\x00x" + key, "\x00\x00CLERK\x00disk" + key[2:], "\x01CLERK\x02task" + key[2:],
			"\x00\x04CLERK\x01" + key + "moreofit",
		} {
			if found := s.Scan(t.Context(), "", []byte(text)); len(found) > 0 {
				t.Errorf("%s %v is found in %q", found[0].Kind, found[0].Secret, strings.ReplaceAll(strings.ReplaceAll(text, key, "KEY"), hook, "HOOK"))
			}
		}
	}
}
