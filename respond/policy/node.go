package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Forms of texts. docs/rekey.schema.json holds the same; a test sees to it.
var (
	repositoryName = newForm(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	acceptedName   = newForm(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/([A-Za-z0-9._-]{1,100}|\*)$`)
	labelName      = newForm(`^[^\r\n]{1,50}$`)
	loginName      = newForm(`^[A-Za-z0-9][A-Za-z0-9_-]{0,38}$`)
	fingerprint    = newForm(`^[0-9a-f]{32}$`)
	pattern        = newForm(`^[^\[\]{}\\]{1,200}$`)
	reason         = newForm(`^[^\r\n]{0,250}[^\s][^\r\n]{0,250}$`)
	targetName     = newForm(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	isoDay         = newForm(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	decimal        = newForm(`^[0-9]{1,9}$`)
)

// form is a regular expression that is compiled at its first use: policies are rare, and every start of the program would pay for
// all forms.
type form func() *regexp.Regexp

func newForm(text string) form {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

func (f form) matches(s string) bool { return f().MatchString(s) }

const reasonForm = "some words on one line, so that others understand it later"

// fields reads a mapping whose keys are all known.
func fields(n *yaml.Node, name string, known map[string]func(*yaml.Node) error) error {
	return required(n, name, nil, known)
}

func required(n *yaml.Node, name string, need []string, known map[string]func(*yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return wrong(n, name, "a mapping of settings")
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		if !ok || key.Kind != yaml.ScalarNode {
			return &Error{key.Line, fmt.Sprintf("%s has no setting %s; there are %s", name, quotable(key.Value), among(known))}
		}
		if seen[key.Value] {
			return &Error{key.Line, fmt.Sprintf("%q is set twice", key.Value)}
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	for _, k := range need {
		if !seen[k] {
			return &Error{n.Line, fmt.Sprintf("%s needs %q", name, k)}
		}
	}
	return nil
}

// quotable quotes what looks like a setting. Anything else may be a key that was pasted in the wrong place, and is not
// repeated.
func quotable(name string) string {
	if len(name) > 0 && len(name) <= 30 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_-") == "" {
		return strconv.Quote(name)
	}
	return "of the name on this line"
}

func among(known map[string]func(*yaml.Node) error) string {
	var names []string
	for k := range known {
		names = append(names, k)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// wrong says what a value should have been, and what it is.
func wrong(n *yaml.Node, name, want string) *Error {
	switch {
	case n.Kind == yaml.AliasNode:
		return &Error{n.Line, name + ": anchors and aliases are not supported; write it out"}
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return &Error{n.Line, name + " is empty; give it " + want + ", or take it out"}
	}
	return &Error{n.Line, name + " must be " + want}
}

func list(n *yaml.Node, name string, limit int, read func(*yaml.Node) error) error {
	if n.Kind != yaml.SequenceNode {
		return wrong(n, name, "a list")
	}
	if len(n.Content) > limit {
		return &Error{n.Line, fmt.Sprintf("%s has %d entries; at most %d are allowed", name, len(n.Content), limit)}
	}
	for _, e := range n.Content {
		if err := read(e); err != nil {
			return err
		}
	}
	return nil
}

func text(n *yaml.Node, name string, form form, want string) (string, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" || !form.matches(n.Value) {
		return "", wrong(n, name, want)
	}
	return n.Value, nil
}

func texts(n *yaml.Node, name string, limit int, form form, want string) ([]string, error) {
	out := []string{}
	err := list(n, name, limit, func(n *yaml.Node) error {
		s, err := text(n, "an entry of "+name, form, want)
		out = append(out, s)
		return err
	})
	return out, err
}

func choice[T ~string](n *yaml.Node, name string, to **T, choices []T) error {
	if v := T(n.Value); n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" && slices.Contains(choices, v) {
		*to = &v
		return nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		names[i] = string(c)
	}
	return wrong(n, name, "one of "+strings.Join(names, ", "))
}

func boolean(n *yaml.Node, name string, to **bool) error {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!bool" {
		return wrong(n, name, "true or false")
	}
	v := strings.EqualFold(n.Value, "true")
	*to = &v
	return nil
}

func integer(n *yaml.Node, name string, least, most int, to **int) error {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" || !decimal.matches(n.Value) || err != nil || v < least || v > most {
		return wrong(n, name, fmt.Sprintf("a number from %d to %d", least, most))
	}
	*to = &v
	return nil
}

// day reads the last day on which something counts, in UTC, and returns the moment after it.
func day(n *yaml.Node, name string) (time.Time, error) {
	if n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp") && isoDay.matches(n.Value) {
		if t, err := time.Parse(time.DateOnly, n.Value); err == nil {
			return t.AddDate(0, 0, 1), nil
		}
	}
	return time.Time{}, wrong(n, name, "a day, such as 2027-01-31")
}
