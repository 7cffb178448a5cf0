package detect

import (
	"bytes"
	"context"

	"github.com/rekey-app/rekey/detect/literal"
)

// Options configure a [Scanner]. The zero value is what the server uses.
type Options struct{}

// Scanner finds credentials. It is safe for concurrent use.
type Scanner struct {
	anchors *literal.Set
}

// New returns a scanner.
func New(Options) *Scanner {
	set, err := literal.Compile([]string{"sk_"})
	if err != nil {
		panic(err) // the literals are constants
	}
	return &Scanner{anchors: set}
}

// Scan returns the findings of text, in the order of their places. path is a hint ("" if not known yet): it is
// evidence, never a filter, see [Finding.At]. It keeps no reference to text. A text without any of the literals that
// credentials start with costs one pass at memory speed and no allocation. ctx bounds the unpacking of archives.
func (s *Scanner) Scan(ctx context.Context, path string, text []byte) []Finding {
	var found []Finding
	for at := 0; ; at++ {
		at, _ = s.anchors.Next(text, at)
		if at < 0 {
			break
		}
		if n, env := secretKeyAt(text, at); n > 0 {
			if f, ok := judgeSecretKey(text, at, n, env); ok {
				found = append(found, f)
			}
		}
	}
	kept := found[:0]
	for _, f := range found {
		if path != "" {
			var ok bool
			if f, ok = f.At(path); !ok {
				continue
			}
		}
		kept = append(kept, f)
	}
	locate(text, kept)
	return kept
}

const (
	prefixLength = len("sk_live_")
	bodyLength   = 42
)

// secretKeyAt returns the length of the plain secret key at text[at:], or 0 if there is none.
func secretKeyAt(text []byte, at int) (n int, env Environment) {
	rest := text[at:]
	const whole = prefixLength + bodyLength
	if len(rest) < whole {
		return 0, ""
	}
	switch string(rest[3:prefixLength]) {
	case "live_":
		env = Live
	case "test_":
		env = Test
	default:
		return 0, ""
	}
	for _, c := range rest[prefixLength:whole] {
		if !isBase62(c) {
			return 0, ""
		}
	}
	if len(rest) > whole && isTail(rest[whole]) || !startsFresh(text, at) {
		return 0, ""
	}
	return whole, env
}

// startsFresh tells whether a credential may begin at text[at:]: no word runs into it. Escaped characters end words.
func startsFresh(text []byte, at int) bool {
	if at == 0 || !isWord(text[at-1]) {
		return true
	}
	before := text[max(0, at-12):at]
	if n := len(before); n >= 2 && before[n-2] == '\\' && bytes.IndexByte([]byte("nrtbfv0"), before[n-1]) >= 0 {
		return true
	}
	for _, escape := range []string{"%3D", "%3d", "%22", "%27", "%20", "%3A", "%3a", "%2C", "%2c", "%0A", "%0a", "=3D", "=22"} {
		if bytes.HasSuffix(before, []byte(escape)) {
			return true
		}
	}
	return false
}

func judgeSecretKey(text []byte, at, n int, env Environment) (Finding, bool) {
	value := string(text[at : at+n])
	if !random(value[prefixLength:]) {
		return Finding{}, false
	}
	f := Finding{
		Kind: SecretKey, Environment: env, Severity: MediumSeverity, Confidence: MediumConfidence, Encoding: "plain",
		Place: Place{Offset: int64(at), End: int64(at + n)}, Secret: NewSecret(value),
	}
	if env == Live {
		f.Severity = CriticalSeverity
	}
	const reach = 1 << 18
	from := max(0, at-reach)
	e := gather(text[from:min(len(text), at+reach)])
	f.Variable = variable(text, at)
	f.Browser = shipsToBrowsers(f.Variable)
	f.Instance = e.nearest(at-from, env)
	f.Dashboard = e.dashboard
	f.Allowed = bytes.Contains(lineAround(text, at, at+n), []byte("rekey:allow"))
	vendor := vendorIn(f.Variable)
	switch {
	case namesClerk(f.Variable):
		f.because(HighConfidence, "assigned to "+f.Variable)
	case vendor != "":
		f.because(LowConfidence, "assigned to "+f.Variable+", which names another vendor")
	}
	if vendor == "" || f.Confidence == HighConfidence {
		if h := e.nearest(at-from, ""); h != "" {
			f.because(HighConfidence, "a publishable key of "+h+" stands near")
		}
		if e.word != "" {
			f.because(HighConfidence, "the text holds "+e.word)
		}
		if namesClerk(string(lineAround(text, at, at+n))) {
			f.because(HighConfidence, "the line speaks of Clerk")
		}
	}
	f.Reasons = append(f.Reasons, "only Clerk's secret keys have 42 letters and digits behind this prefix")
	return f, true
}

// because adds a reason, with the confidence that it gives.
func (f *Finding) because(c Confidence, reason string) {
	f.Confidence = c
	f.Reasons = append(f.Reasons, reason)
}

// lineAround returns the line or lines of text[at:end], of very long ones the 400 bytes around.
func lineAround(text []byte, at, end int) []byte {
	const reach = 400
	from, to := max(0, at-reach), min(len(text), end+reach)
	if i := bytes.LastIndexByte(text[from:at], '\n'); i >= 0 {
		from += i + 1
	}
	if i := bytes.IndexByte(text[end:to], '\n'); i >= 0 {
		to = end + i
	}
	return text[from:to]
}

// locate fills in lines and columns. Findings are in the order of their places.
func locate(text []byte, found []Finding) {
	line, at := 1, 0
	for i := range found {
		p := &found[i].Place
		line += bytes.Count(text[at:p.Offset], []byte{'\n'})
		at = int(p.Offset)
		p.Line, p.Column = line, at-bytes.LastIndexByte(text[:at], '\n')
		end := int(p.End)
		p.EndLine = line + bytes.Count(text[at:end], []byte{'\n'})
		p.EndColumn = end - bytes.LastIndexByte(text[:end], '\n')
	}
}
