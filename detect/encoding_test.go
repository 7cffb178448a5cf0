package detect_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"pgregory.net/rapid"
)

// drawPiece draws a key with what is around it on its line.
func drawPiece(t *rapid.T) (key string, p piece) {
	env := rapid.SampledFrom([]detect.Environment{detect.Live, detect.Test}).Draw(t, "environment")
	key = detecttest.Key(rapid.Int64().Draw(t, "seed"), env)
	before := rapid.SampledFrom([]string{
		"", " ", "CLERK_SECRET_KEY=", "CLERK_SECRET_KEY: \"", "  secretKey: '", "key = `", "x=1\nSECRET=", "Authorization: Bearer ",
		"| a | ", "<b>", "(", "a,", "äöü:", "KEY=\t",
	}).Draw(t, "before")
	behind := rapid.SampledFrom([]string{"", "\n", "\"\n", "' # comment\n", "`;", " |", "</b>", ")", ",b", "\r\nOTHER=1\r\n"}).Draw(t, "behind")
	return key, piece{before + key + behind, len(before), len(before) + len(key)}
}

// surround puts other text before and behind, which is no part of what is encoded.
func surround(t *rapid.T, p piece) piece {
	before := rapid.SampledFrom([]string{"", "\n", "# one\n# two\n", "data: ", "{\"data\": \"", "x = '", "\x01\xff\n", "é\n", "[1, "}).Draw(t, "outer before")
	behind := rapid.SampledFrom([]string{"", "\n", "\"}\n", "'\nend\n", " ", "\xff\xfe", "]"}).Draw(t, "outer behind")
	fill := strings.Repeat("lorem ipsum = 1;\n", rapid.IntRange(0, 40).Draw(t, "filler"))
	if len(before) == 0 && fill != "" {
		before = fill
	} else {
		before = fill + before
	}
	return piece{before + p.text + behind, p.from + len(before), p.to + len(before)}
}

// mustFind checks that exactly the key is found, at its place.
func mustFind(t *rapid.T, s *detect.Scanner, p piece, key, encoding string) {
	t.Helper()
	got := s.Scan(t.Context(), "", []byte(p.text))
	if len(got) != 1 {
		t.Fatalf("%d findings, want 1, in %q", len(got), p.text)
	}
	f := got[0]
	if f.Secret.Reveal() != key {
		t.Fatalf("another key was found in %q", p.text)
	}
	if int(f.Place.Offset) != p.from || int(f.Place.End) != p.to {
		t.Fatalf("found at %d to %d, want %d to %d, in %q", f.Place.Offset, f.Place.End, p.from, p.to, p.text)
	}
	if !strings.Contains(f.Encoding, encoding) {
		t.Fatalf("encoding %q, want %q, in %q", f.Encoding, encoding, p.text)
	}
	line := strings.Count(p.text[:p.from], "\n") + 1
	column := p.from - strings.LastIndexByte(p.text[:p.from], '\n')
	if !strings.Contains(encoding, "utf-16") && (f.Place.Line != line || f.Place.Column != column) {
		t.Fatalf("line %d column %d, want %d, %d, in %q", f.Place.Line, f.Place.Column, line, column, p.text)
	}
}

func TestEveryLineEncodingIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, e := range lineEncoders() {
		t.Run(e.name, rapid.MakeCheck(func(t *rapid.T) {
			key, p := drawPiece(t)
			mustFind(t, s, surround(t, e.write(t, p)), key, e.name)
		}))
	}
}

func TestEveryWholeEncodingIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for _, e := range wholeEncoders() {
		t.Run(e.name, rapid.MakeCheck(func(t *rapid.T) {
			key, p := drawPiece(t)
			if strings.HasPrefix(e.name, "utf-16") {
				// Text of another encoding that runs into it leaves open which of its bytes are the first.
				p = e.write(t, surround(t, p))
				if before := rapid.SampledFrom([]string{"", "\x01\xff\x02"}).Draw(t, "binary"); before != "" {
					p = piece{before + p.text + "\x01\x02\x03", p.from + len(before), p.to + len(before)}
				}
			} else {
				p = surround(t, e.write(t, p))
			}
			mustFind(t, s, p, key, e.name)
		}))
	}
}

// named are the credentials that only the name of their variable tells, by that name.
func named() map[string]func(int64) string {
	return map[string]func(int64) string{
		"CLERK_ENCRYPTION_KEY": detecttest.EncryptionKey, "CLERK_OAUTH_CLIENT_SECRET": detecttest.OAuthClientSecret,
		"CLERK_MACHINE_SECRET_KEY": detecttest.MachineSecretKey, "NUXT_CLERK_PLATFORM_API_KEY": detecttest.PlatformAPIKey,
		"CLERK_API_KEY": func(seed int64) string { return detecttest.LegacyKey(seed, detect.Test) },
	}
}

// TestEveryWholeEncodingOfNamesIsFound is for the credentials that only the name of their variable tells.
func TestEveryWholeEncodingOfNamesIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	values := named()
	encoders := wholeEncoders()
	for _, inner := range encoders[4:] {
		for _, outer := range encoders[:2] {
			encoders = append(encoders, encoder{outer.name + "+" + inner.name, func(t *rapid.T, p piece) piece {
				return outer.write(t, inner.write(t, p))
			}})
		}
	}
	for _, e := range encoders {
		t.Run(e.name, rapid.MakeCheck(func(t *rapid.T) {
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(values))).Draw(t, "name")
			value := values[name](rapid.Int64().Draw(t, "seed"))
			before := rapid.StringOfN(rapid.SampledFrom([]rune("ab=\n")), 0, 80, -1).Draw(t, "before") + "\n" + name +
				rapid.SampledFrom([]string{"=", ": ", "=\"", "\": \""}).Draw(t, "operator")
			p := piece{before + value + "\"\nPORT=3000\n", len(before), len(before) + len(value)}
			if strings.HasPrefix(e.name, "utf-16") {
				p = e.write(t, surround(t, p))
			} else {
				p = surround(t, e.write(t, p))
			}
			if e.name == "base64" && !regexp.MustCompile("Q0xFUktf|NMRVJLX|DTEVSS1").MatchString(p.text) {
				return // a line end within CLERK_ leaves nothing to look for
			}
			mustFind(t, s, p, value, e.name)
		}))
	}
}

func TestEveryPairOfEncodingsIsFound(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	whole := wholeEncoders()
	for _, outer := range whole[:3] {
		for _, inner := range append(whole, lineEncoders()...) {
			if strings.HasPrefix(inner.name, "hex") || inner.name != "utf-16le" && inner.name != "utf-16be" && inner.name != "base64" && inner.name != "plain" {
				continue
			}
			t.Run(outer.name+"+"+inner.name, rapid.MakeCheck(func(t *rapid.T) {
				key, p := drawPiece(t)
				p = inner.write(t, p)
				q := outer.write(t, p)
				if outer.name == "base64" && inner.name == "base64" && (p.torn(7) || q.torn(12)) {
					return // a line end there leaves nothing to look for
				}
				mustFind(t, s, surround(t, q), key, "base64")
			}))
		}
	}
}

func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	s := detect.New(detect.Options{})
	for low, name := range []string{"utf-16le", "utf-16be"} {
		t.Run(name, rapid.MakeCheck(func(t *rapid.T) {
			key, p := drawPiece(t)
			inner := rapid.SampledFrom(append(lineEncoders(), wholeEncoders()[:4]...)).Draw(t, "inner")
			p = surround(t, inner.write(t, p))
			mustFind(t, s, utf16Of(low, true)(t, p), key, name)
		}))
	}
}
