// Package docker reads Dockerfiles as far as checks need it: stages, and what ARG and ENV set in them. Start with [Parse].
package docker

import (
	"strings"
)

// File is a Dockerfile.
type File struct {
	Global []Setting // of ARG before the first FROM: for FROM alone, no stage sees them
	Stages []Stage
}

// Stage is what one FROM begins.
type Stage struct {
	Name     string // lower case, or empty
	Base     int    // index of the stage that it is built from, or -1 where that is an image
	Settings []Setting
}

// Setting is a variable that ARG or ENV sets, whose name is at bytes Start to End.
type Setting struct {
	Env        bool // ENV, else ARG
	Name       string
	Value      string // without quotes; of ARG the default
	HasValue   bool
	Start, End int
}

// Image returns the stages whose history the built image has: the last one, and those that it is built from. Of others only files that
// are copied get there.
func (f *File) Image() []*Stage {
	var all []*Stage
	for i := len(f.Stages) - 1; i >= 0; i = f.Stages[i].Base {
		all = append(all, &f.Stages[i])
	}
	return all
}

// Parse reads a Dockerfile. What it doesn't understand it leaves out.
func Parse(text string) File {
	p := parser{text: text, escape: '\\'}
	p.directives()
	var f File
	names := map[string]int{}
	for p.at < len(p.text) {
		words := p.instruction()
		if len(words) == 0 {
			continue
		}
		switch strings.ToUpper(words[0].text) {
		case "FROM":
			f.Stages = append(f.Stages, stage(words[1:], names))
			if s := f.Stages[len(f.Stages)-1]; s.Name != "" {
				names[s.Name] = len(f.Stages) - 1
			}
		case "ARG":
			f.set(settings(words[1:], false))
		case "ENV":
			f.set(settings(words[1:], true))
		case "RUN", "COPY", "ADD":
			p.heredocs(words)
		}
	}
	return f
}

func (f *File) set(s []Setting) {
	if n := len(f.Stages); n > 0 {
		f.Stages[n-1].Settings = append(f.Stages[n-1].Settings, s...)
	} else {
		f.Global = append(f.Global, s...)
	}
}

func stage(words []word, names map[string]int) Stage {
	s := Stage{Base: -1}
	for len(words) > 0 && strings.HasPrefix(words[0].text, "--") {
		words = words[1:]
	}
	if len(words) > 0 {
		if base, ok := names[strings.ToLower(words[0].text)]; ok {
			s.Base = base
		}
	}
	if len(words) > 2 && strings.EqualFold(words[1].text, "as") {
		s.Name = strings.ToLower(words[2].text)
	}
	return s
}

// settings reads what ARG and ENV are followed by: NAME=VALUE as often as wanted, NAME alone for ARG, and for ENV the older NAME VALUE.
func settings(words []word, env bool) []Setting {
	var all []Setting
	for i, w := range words {
		name, value, has := strings.Cut(w.text, "=")
		s := Setting{Env: env, Name: name, Value: unquoted(value), HasValue: has, Start: w.start, End: w.start + len(name)}
		if env && i == 0 && !has {
			for _, more := range words[1:] {
				s.Value += " " + more.text
			}
			s.Value, s.HasValue = unquoted(strings.TrimSpace(s.Value)), true
			return []Setting{s}
		}
		all = append(all, s)
	}
	return all
}

func unquoted(v string) string {
	if n := len(v); n > 1 && (v[0] == '"' || v[0] == '\'') && v[n-1] == v[0] {
		return v[1 : n-1]
	}
	return v
}

type parser struct {
	text   string
	at     int
	escape byte
}

// maxWord is up to how many bytes a word is put together from several lines.
const maxWord = 64 << 10

// word is a word of an instruction, as it is written but for line ends that are escaped.
type word struct {
	text  string
	start int
}

// directives reads the comments at the top that say what escapes.
func (p *parser) directives() {
	for line := range strings.Lines(p.text) {
		name, value, ok := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), "=")
		if !strings.HasPrefix(line, "#") || !ok {
			return
		}
		if value = strings.TrimSpace(value); strings.EqualFold(strings.TrimSpace(name), "escape") && value == "`" {
			p.escape = '`'
		}
	}
}

// line returns the line here without its end, and goes behind it.
func (p *parser) line() (line string, start int) {
	start = p.at
	rest := p.text[p.at:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		p.at += i + 1
		return strings.TrimSuffix(rest[:i], "\r"), start
	}
	p.at = len(p.text)
	return rest, start
}

// instruction returns the words of the next one, which goes on behind escaped line ends. Comments and empty lines within are left out.
func (p *parser) instruction() []word {
	var words []word
	open := word{start: -1} // a word that goes on in the next line
	var quote byte
	for p.at < len(p.text) {
		line, start := p.line()
		blank := strings.TrimSpace(line)
		if blank == "" || blank[0] == '#' {
			if len(words) == 0 && open.start < 0 {
				return nil
			}
			continue
		}
		trimmed := strings.TrimRight(line, " \t")
		goesOn := trimmed[len(trimmed)-1] == p.escape
		if goesOn {
			line = trimmed[:len(trimmed)-1]
		}
		words, open, quote = p.split(line, start, words, open, quote)
		if !goesOn {
			break
		}
	}
	if open.start >= 0 {
		words = append(words, open)
	}
	return words
}

// split adds the words of a line. One that stands at its end is open: if the line end is escaped, the next line goes on with it.
func (p *parser) split(line string, start int, words []word, open word, quote byte) ([]word, word, byte) {
	from := 0
	take := func(to int) {
		if open.start < 0 {
			open.start = start + from
		}
		if len(open.text) < maxWord {
			open.text += line[from:to]
		}
		from = to
	}
	if open.start < 0 {
		from = len(line) - len(strings.TrimLeft(line, " \t"))
	}
	for i := from; i < len(line); i++ {
		c := line[i]
		switch {
		case c == p.escape && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ' ' || c == '\t':
			if i > from || open.start >= 0 {
				take(i)
				words = append(words, open)
				open = word{start: -1}
			}
			from = i + 1
		}
	}
	if from < len(line) {
		take(len(line))
	}
	return words, open, quote
}

// heredocs goes behind the texts that an instruction brings along.
func (p *parser) heredocs(words []word) {
	for _, w := range words[1:] {
		label, ok := strings.CutPrefix(w.text, "<<")
		if !ok {
			continue
		}
		label, tabs := strings.CutPrefix(label, "-")
		label = unquoted(label)
		if label == "" || strings.ContainsAny(label, "<(\"'") {
			continue
		}
		for p.at < len(p.text) {
			line, _ := p.line()
			if tabs {
				line = strings.TrimLeft(line, "\t")
			}
			if line == label {
				break
			}
		}
	}
}
