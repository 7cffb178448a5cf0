package dotenv

import (
	"errors"
	"regexp"
	"strings"
)

// line is what the dotenv package of npm takes for an assignment, to the letter: Next.js and Wrangler read files by the same expression.
var line = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)` +
	"(\\s*'(?:\\\\'|[^'])*'|\\s*\"(?:\\\\\"|[^\"])*\"|\\s*`(?:\\\\`|[^`])*`|[^#\\r\\n]+)?" + `\s*(?:#.*)?$`)

// assignment is one in a file. Its value, with the quotes, is at bytes start to end.
type assignment struct {
	name, value string
	start, end  int
	quote       byte // around the value; 0 for none
}

const bom = "\ufeff"

// assignments returns those of a file, in order.
func assignments(text string) []assignment {
	// The expression wants \n alone at the ends of lines. Places must stay.
	plain := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", " \n"), "\r", "\n")
	offset := 0
	if strings.HasPrefix(plain, bom) {
		offset = len(bom)
	}
	var all []assignment
	for _, at := range line.FindAllStringSubmatchIndex(plain[offset:], -1) {
		a := assignment{name: plain[offset+at[2] : offset+at[3]]}
		if at[4] >= 0 {
			a.start, a.end = offset+at[4], offset+at[5]
			a.trim(plain)
			a.read(text[a.start:a.end])
		}
		all = append(all, a)
	}
	return all
}

func (a *assignment) trim(text string) {
	for a.start < a.end && strings.IndexByte(" \t\n\v\f\r", text[a.start]) >= 0 {
		a.start++
	}
	for a.end > a.start && strings.IndexByte(" \t\n\v\f\r", text[a.end-1]) >= 0 {
		a.end--
	}
}

func (a *assignment) read(raw string) {
	a.value = raw
	if n := len(raw); n >= 2 && strings.IndexByte("'\"`", raw[0]) >= 0 && raw[n-1] == raw[0] {
		a.quote, a.value = raw[0], strings.ReplaceAll(raw[1:n-1], "\r\n", "\n")
	}
	if a.quote == '"' {
		a.value = strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(a.value)
	}
}

// The reasons why a value can't stand in such a file.
var (
	errDollar = errors.New("it has a $, which Next.js and Vite take for the name of a variable and other programs do not")
	errReturn = errors.New("it has a carriage return or a NUL, which some programs would drop")
	errQuotes = errors.New("it has quotes, or a backslash at its end, that programs read in different ways")
	errEdit   = errors.New("the file is written in a way that programs read differently")
)

// bare are values that need no quotes.
var bare = regexp.MustCompile(`^[\w./+=:@,-]+$`)

// encode writes a value so that dotenv, Next.js, Vite, Wrangler, Node.js and shells read the same, in the quotes that stand there if they can hold it.
func encode(value string, quote byte) (string, error) {
	switch {
	case strings.Contains(value, "$"):
		return "", errDollar
	case strings.ContainsAny(value, "\r\x00"):
		return "", errReturn
	case bare.MatchString(value) && quote == 0:
		return value, nil
	case bare.MatchString(value):
		return string(quote) + value + string(quote), nil
	}
	single := !strings.Contains(value, "'") && !strings.HasSuffix(value, `\`)
	double := !strings.ContainsAny(value, "\"\\`")
	switch {
	case double && quote == '"', double && !single:
		return `"` + value + `"`, nil
	case single:
		return "'" + value + "'", nil
	}
	return "", errQuotes
}

// edit sets the nth assignment of a variable, counted from 0, and changes nothing else.
func edit(text, variable string, nth int, value string) (string, error) {
	all := assignments(text)
	at := indexes(all, variable)[nth]
	a := all[at]
	quote := a.quote
	if quote == 0 && a.end < len(text) && text[a.end] == '#' {
		quote = '\'' // a comment without a space before it: not for all programs, unless there are quotes
	}
	written, err := encode(value, quote)
	if err != nil {
		return "", err
	}
	edited := text[:a.start] + written + text[a.end:]
	// What the programs will read is looked at again: everything as before, but this one.
	again := assignments(edited)
	if len(again) != len(all) {
		return "", errEdit
	}
	for i := range again {
		want := all[i].value
		if i == at {
			want = value
		}
		if again[i].name != all[i].name || again[i].value != want {
			return "", errEdit
		}
	}
	return edited, nil
}

// indexes returns which of the assignments are the variable's.
func indexes(all []assignment, variable string) []int {
	var at []int
	for i, a := range all {
		if a.name == variable && a.end > a.start {
			at = append(at, i)
		}
	}
	return at
}
