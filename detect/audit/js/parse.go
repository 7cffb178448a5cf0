package js

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/parser"
	"github.com/evanw/esbuild/pkg/api"
)

// Why a file is not read.
var (
	ErrTooLarge  = errors.New("too large to be read as code")
	ErrMinified  = errors.New("minified")
	ErrGenerated = errors.New("generated")
	ErrTooDeep   = errors.New("nested too deeply to be read as code")
	ErrEncoding  = errors.New("not UTF-8 text")
	ErrUnread    = errors.New("can't be read as code")
)

const (
	// MaxSize bounds what is parsed, in bytes: what people write by hand is shorter, and guard.go says what longer texts could do.
	MaxSize = 64 << 10
	// longLines is the mean length of lines from which a file is minified, and longLine one line's.
	longLines = 200
	longLine  = 10_000
	// inHead is how far into a file a sign is looked for that it is generated.
	inHead = 1 << 10
)

// loaders are how files are read, by extension. JSX is allowed in plain JavaScript, as bundlers allow it.
var loaders = map[string]api.Loader{
	".js": api.LoaderJSX, ".jsx": api.LoaderJSX, ".mjs": api.LoaderJSX, ".cjs": api.LoaderJSX,
	".ts": api.LoaderTS, ".mts": api.LoaderTS, ".cts": api.LoaderTS, ".tsx": api.LoaderTSX,
}

// Handles reports whether a file of that name is JavaScript or TypeScript. Declarations of types hold no code.
func Handles(name string) bool {
	_, ok := loaders[extension(name)]
	return ok && !strings.HasSuffix(name, ".d.ts") && !strings.HasSuffix(name, ".d.mts") && !strings.HasSuffix(name, ".d.cts")
}

func extension(name string) string { return strings.ToLower(path.Ext(strings.TrimSpace(name))) }

// Parse reads a file. The error is one of the above, or says where the syntax is wrong.
func Parse(name string, text []byte) (*File, error) {
	if err := refuse(text); err != nil {
		return nil, err
	}
	loader, ok := loaders[extension(name)]
	if !ok {
		return nil, fmt.Errorf("%s is neither JavaScript nor TypeScript", name)
	}
	return parse(name, text, source{text: text, loader: loader})
}

// source is a program as it is parsed.
type source struct {
	text     []byte
	loader   api.Loader
	function bool // it is the body of a function, but for its imports: it may return
}

// parse reads a program that is in a file, at the same places.
func parse(name string, text []byte, s source) (*File, error) {
	code, changed, err := lower(s)
	if err != nil {
		return nil, err
	}
	program, err := parser.ParseFile(nil, "", string(code.Code), parser.IgnoreRegExpErrors, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, ErrUnread
	}
	f := &File{Path: name, Text: text, Exports: map[string]*Node{}, scopes: map[*Node]map[string]*Binding{}}
	f.places = newPlaces(code.Map, code.Code, s.text)
	c := converter{file: f, changed: changed}
	c.module(program, s.function)
	f.bind()
	return f, nil
}

// refuse says why a text is not parsed, nil if it is.
func refuse(text []byte) error {
	switch {
	case len(text) > MaxSize:
		return ErrTooLarge
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return ErrEncoding
	case isGenerated(text):
		return ErrGenerated
	case isMinified(text):
		return ErrMinified
	case isDeep(text):
		return ErrTooDeep
	}
	return nil
}

func isMinified(text []byte) bool {
	if lines := bytes.Count(text, []byte("\n")) + 1; len(text) > 4<<10 && len(text)/lines > longLines {
		return true
	}
	return slices.ContainsFunc(bytes.Split(text, []byte("\n")), func(line []byte) bool { return len(line) > longLine })
}

// isGenerated reports whether a program wrote the text: it says so itself, or is what a bundler makes.
func isGenerated(text []byte) bool {
	head := text[:min(len(text), inHead)]
	for _, sign := range []string{"@generated", "DO NOT EDIT", "Do not edit", "do not edit", "automatically generated", "auto-generated"} {
		if bytes.Contains(head, []byte(sign)) {
			return true
		}
	}
	for _, sign := range []string{"__toCommonJS(", "__webpack_require__", "__esModule", "//# sourceMappingURL="} {
		if bytes.Contains(text, []byte(sign)) {
			return true
		}
	}
	return false
}

// changes are places of a program that were written differently, since what stood there isn't allowed outside of functions.
type changes struct {
	awaited  []int // await, where void stands
	returned []int // return, where throw stands, or bareReturn
}

// bareReturn stands for a return without a value: a name that is as long.
const bareReturn = "Return"

// lower turns a program into plain JavaScript of an older kind without types, JSX, modules and arrow functions, with a map of its places.
// Imports become members of what is required, so that each use of an import says what it is, whatever its name here.
func lower(s source) (result api.TransformResult, changed changes, err error) {
	text := bytes.Clone(s.text)
	if s.function {
		text = append(text, "\nexport{}"...) // so that each return is an error that says where it is
	}
	for range 2 {
		result = api.Transform(string(text), options(s.loader))
		if len(result.Errors) == 0 {
			return result, changed, nil
		}
		for _, e := range result.Errors {
			at := offsetOf(text, e)
			switch {
			case strings.HasPrefix(e.Text, "Top-level await is not available") && bytes.HasPrefix(text[at:], []byte("await")):
				changed.awaited = append(changed.awaited, at)
			case s.function && strings.HasPrefix(e.Text, "Top-level return cannot be used") && bytes.HasPrefix(text[at:], []byte("return")):
				changed.returned = append(changed.returned, at)
			default:
				return result, changes{}, syntaxError(e)
			}
		}
		changed.write(text)
	}
	return result, changes{}, syntaxError(result.Errors[0])
}

// write puts other words in the places, of the same length.
func (c changes) write(text []byte) {
	for _, at := range c.awaited {
		copy(text[at:], "void ")
		if rest := bytes.TrimRight(text[:at], " \t"); bytes.HasSuffix(rest, []byte("for")) {
			copy(text[at:], "     ")
		}
	}
	for _, at := range c.returned {
		value := bytes.TrimLeft(text[at+len("return"):], " \t")
		if len(value) == 0 || strings.IndexByte(";}\r\n", value[0]) >= 0 {
			copy(text[at:], bareReturn)
		} else {
			copy(text[at:], "throw ")
		}
	}
}

// offsetOf returns where in a text an error is, or the text's end.
func offsetOf(text []byte, e api.Message) int {
	if e.Location == nil {
		return len(text)
	}
	at := 0
	for line := 1; line < e.Location.Line; line++ {
		next := bytes.IndexByte(text[at:], '\n')
		if next < 0 {
			return len(text)
		}
		at += next + 1
	}
	return min(at+e.Location.Column, len(text))
}

func syntaxError(e api.Message) error {
	if e.Location == nil {
		return errors.New("syntax error")
	}
	return fmt.Errorf("syntax error in line %d", e.Location.Line)
}

// options say how a file is lowered: to what the second parser reads, and no further, so that the code stays as written.
func options(loader api.Loader) api.TransformOptions {
	supported := map[string]bool{
		// Parsed in time that grows with their number to the power of two where they are nested: functions say the same.
		"arrow": false,
		// Becomes require, like other imports.
		"dynamic-import": false,
	}
	for _, feature := range []string{
		"async-await", "bigint", "exponent-operator", "logical-assignment", "nullish-coalescing", "object-rest-spread", "optional-catch-binding",
		"optional-chain",
	} {
		supported[feature] = true
	}
	for _, feature := range []string{
		"regexp-dot-all-flag", "regexp-lookbehind-assertions", "regexp-match-indices", "regexp-named-capture-groups", "regexp-set-notation",
		"regexp-sticky-and-unicode-flags", "regexp-unicode-property-escapes",
	} {
		supported[feature] = false // becomes new RegExp
	}
	return api.TransformOptions{
		Loader: loader, Format: api.FormatCommonJS, Target: api.ES2017, Supported: supported,
		JSX: api.JSXTransform, JSXFactory: element, JSXFragment: fragment,
		Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
		MinifyWhitespace: true, LegalComments: api.LegalCommentsNone, TreeShaking: api.TreeShakingFalse, LogLevel: api.LogLevelSilent,
		// Decorators of parameters are an error otherwise.
		TsconfigRaw: `{"compilerOptions":{"experimentalDecorators":true}}`,
	}
}
