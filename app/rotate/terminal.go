package rotate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
)

// Terminal is a person at a terminal, or nobody behind a script.
type Terminal struct {
	out   io.Writer
	style terminal.Style
	tty   *os.File // nil where nobody answers
	open  func(ctx context.Context, address string)
}

// NewTerminal returns a person who answers where in is a terminal. Pages are opened in a browser by open, which may be nil. Nothing that Show writes can do
// anything to a terminal.
func NewTerminal(in io.Reader, out io.Writer, style terminal.Style, open func(ctx context.Context, address string)) *Terminal {
	t := &Terminal{out: out, style: style, open: open}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.tty = f
	}
	return t
}

// Answers reports whether somebody is at the terminal.
func (t *Terminal) Answers() bool { return t.tty != nil }

// Show writes paragraphs, broken at the width of the terminal.
func (t *Terminal) Show(text string) {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = terminal.Printable(strings.TrimRight(line, "\n"))
		words := strings.TrimLeft(line, " ")
		indent := line[:len(line)-len(words)]
		codes := ""
		switch {
		case words == "":
			b.WriteByte('\n')
			continue
		case strings.HasPrefix(words, "⚠"):
			codes = terminal.Bold + terminal.Red
		case strings.HasPrefix(words, "✗"):
			codes = terminal.Red
		case strings.HasPrefix(words, "✓"):
			codes = terminal.Green
		case strings.HasPrefix(words, "→"):
			codes = terminal.Bold
		case len(indent) >= 4 && !strings.Contains(words, ". "), strings.HasPrefix(words, "--include"): // a command, which people copy
			fmt.Fprintf(&b, "%s%s\n", indent, words)
			continue
		}
		if mark := listMark().FindString(words); mark != "" {
			indent, words = indent+mark, words[len(mark):]
		}
		hanging := strings.Repeat(" ", utf8.RuneCountInString(indent))
		for i, part := range terminal.Wrapped(words, t.style.Width-len(hanging)) {
			if i > 0 {
				indent = hanging
			}
			fmt.Fprintf(&b, "%s\n", t.style.Paint(codes, indent+part))
		}
	}
	fmt.Fprint(t.out, b.String())
}

// listMark is what a line of a list begins with: what follows hangs from it.
var listMark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9]+\.|-|→|✓|✗|⚠) `) })

// Confirm asks until the answer is yes or no.
func (t *Terminal) Confirm(ctx context.Context, question string) (bool, error) {
	if !t.Answers() {
		return false, ErrNobody
	}
	for {
		t.ask(question + " [y/N] ")
		line, err := t.line(ctx)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return true, nil
		case "", "n", "no":
			return false, nil
		}
		t.Show("Please answer y or n.")
	}
}

// Choose shows a numbered list and asks for a number.
func (t *Terminal) Choose(ctx context.Context, question string, among []string) (int, error) {
	if !t.Answers() {
		return 0, ErrNobody
	}
	t.Show(question)
	for i, one := range among {
		t.Show(fmt.Sprintf("%3d. %s", i+1, one))
	}
	for {
		t.ask(fmt.Sprintf("Number (1 to %d): ", len(among)))
		line, err := t.line(ctx)
		if err != nil {
			return 0, err
		}
		if n, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && n >= 1 && n <= len(among) {
			return n - 1, nil
		}
	}
}

func (t *Terminal) ask(question string) {
	fmt.Fprint(t.out, t.style.Paint(terminal.Bold, terminal.Printable(question)))
}

// typed is what somebody typed.
type typed struct {
	text []byte
	err  error
}

// line reads a line. Where the context ends first, the reading goes on in the background: the program ends then.
func (t *Terminal) line(ctx context.Context) (string, error) {
	got := make(chan typed, 1)
	go func() {
		text, err := readLine(t.tty)
		got <- typed{text, err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(t.out)
		return "", ctx.Err()
	case one := <-got:
		if one.err != nil {
			return "", ErrNobody
		}
		return string(one.text), nil
	}
}

// readLine reads no byte behind the line's end: the next one may be a credential, which is read with the echo switched off.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	for one := make([]byte, 1); ; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return line, nil
		case n == 1:
			line = append(line, one[0])
		case err != nil && len(line) > 0:
			return line, nil
		case err != nil:
			return nil, err
		}
	}
}

// echoLasts is how long a terminal takes at most until it shows nothing. One that showed nothing before does not change.
const echoLasts = 300 * time.Millisecond

// Secret reads a line that is not shown.
func (t *Terminal) Secret(ctx context.Context, prompt string) (detect.Secret, error) {
	if !t.Answers() {
		return detect.Secret{}, ErrNobody
	}
	if err := ctx.Err(); err != nil {
		return detect.Secret{}, err //nolint:wrapcheck // as it is
	}
	fd := int(t.tty.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return detect.Secret{}, fmt.Errorf("the terminal can't hide what is typed: %w", err)
	}
	got := make(chan typed, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		got <- typed{text, err}
	}()
	// Asked only once nothing is shown any more. An end of the context before that would restore what is only changed afterwards.
	for since := time.Now(); time.Since(since) < echoLasts; time.Sleep(time.Millisecond) {
		if now, err := term.GetState(fd); err != nil || *now != *before {
			break
		}
	}
	t.ask(prompt)
	select {
	case <-ctx.Done(): // the shell would go on without an echo
		err := term.Restore(fd, before)
		fmt.Fprintln(t.out)
		return detect.Secret{}, errors.Join(ctx.Err(), err)
	case one := <-got:
		fmt.Fprintln(t.out)
		if one.err != nil {
			return detect.Secret{}, ErrNobody
		}
		return detect.NewSecret(strings.TrimSpace(string(one.text))), nil
	}
}

// Open opens a page in a browser, where there is one. The page's address is on the screen anyway.
func (t *Terminal) Open(ctx context.Context, address string) {
	if t.open != nil && t.Answers() {
		t.open(ctx, address)
	}
}
