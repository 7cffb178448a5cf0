package token_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/token"
)

// show writes tokens as their statements: strings in quotes, statements in lines.
func show(tokens []token.Token) string {
	var out []string
	for _, statement := range token.Statements(tokens) {
		var words []string
		for _, t := range statement {
			if t.Kind == token.String {
				words = append(words, fmt.Sprintf("%q", t.Text))
			} else {
				words = append(words, t.Text)
			}
		}
		out = append(out, strings.Join(words, " "))
	}
	return strings.Join(out, "\n")
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		read func(string) []token.Token
		text string
		want string
	}{
		{"python", token.Python, "# jwt.decode(x)\nif a == 'b#c':  # d\n  f(1,\n    2)\n", "if a == \"b#c\" :\nf ( 1 , 2 )"},
		{"python strings", token.Python, `x = f"a {b}" r'\d' """c
"d" # e""" b'' 'it\'s'`, `x = "a {b}" "\\d" "c\n\"d\" # e" "" "it\\'s"`},
		{"python triple", token.Python, "'''a\n'b'\n'''\nx\n", "\"a\\n'b'\\n\"\nx"},
		{"python open string", token.Python, "x = 'a\ny = 1\n", "x = \"a\"\ny = 1"},
		{"python continuation", token.Python, "a = b \\\n  + c; d\r\ne", "a = b + c\nd\ne"},
		{"python ends within", token.Python, "a('''b", "a ( \"b\""},
		{"php", token.PHP, "<h1>$x = 1;</h1><?php // a ?><b>c</b><?php $d = \"e;\"; /* f; */ # g\nif ($h->i['j'] === 'k') { l(); } ?>m", "$d = \"e;\"\nif ( $h -> i [ \"j\" ] === \"k\" )\nl ( )"},
		{"php heredoc", token.PHP, "<?php $a = <<<'EOT'\n b; EOTX\n EOT;\n#[Attr]\nc();", "$a = \" b; EOTX\\n\"\n# [ Attr ] c ( )"},
		{"php short tag", token.PHP, "<?= $a ?>b<?php", "= $a"},
		{"ruby", token.Ruby, "# x\n=begin\na\n=end\nreturn if role == :admin && %w[a b].include?(c)\n__END__\nd", "return if role == \"admin\" && \"a b\" . include? ( c )"},
		{"ruby regexp and division", token.Ruby, "a = b / c / d\nx =~ /e'f/\n", "a = b / c / d\nx = ~ \"e'f\""},
		{"ruby goes on", token.Ruby, "a\n  .b\n  &.c\nd = e ||\n  f\ng\n", "a . b & . c\nd = e || f\ng"},
		{"ruby heredoc", token.Ruby, "x = <<~SQL\n  a 'b\n  SQL\ny\n", "x = \"  a 'b\\n\"\ny"},
		{"ruby hash", token.Ruby, "f(role: 'admin', 'b': 1, ok ? :c : :d)\n", "f ( role : \"admin\" , \"b\" : 1 , ok ? \"c\" : \"d\" )"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tokens := test.read(test.text)
			if got := show(tokens); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	tokens := token.Python("f(a[1], ')', (b)) + c")
	if end := token.Closing(tokens, 1); tokens[end].Start != 16 {
		t.Errorf("closes at %d", tokens[end].Start)
	}
	if end := token.Closing(token.Python("f(a"), 1); end != 3 {
		t.Errorf("what isn't closed ends at token %d", end)
	}
}

// FuzzTokens: tokens of any text are within it, in order and apart, and take time in proportion.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"x = 'a' # b\n", "<?php <<<A\nA; $", "%w[a <<~A /b", "\"\\", "f'''", ":\"a\" =begin\n=end"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, read := range map[string]func(string) []token.Token{"python": token.Python, "ruby": token.Ruby, "php": token.PHP} {
			at := 0
			for _, one := range read(text) {
				if one.Start < at || one.End < one.Start || one.End > len(text) {
					t.Fatalf("%s: token %+v behind %d of %d", name, one, at, len(text))
				}
				at = one.End
			}
		}
	})
}
