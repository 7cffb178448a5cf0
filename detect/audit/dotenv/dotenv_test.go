package dotenv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/dotenv"
)

func TestParse(t *testing.T) {
	t.Parallel()
	text := "# A=1\nB=2 # two\n  export C='3\n3'\nD=\nE = \"a#b\" # c\nF: 1\nnot an assignment\nG=`x`\r\nH=\"open\nI=1"
	var got []string
	for _, e := range dotenv.Parse(text) {
		if text[e.Start:e.End] != e.Name {
			t.Errorf("%s is at %q", e.Name, text[e.Start:e.End])
		}
		got = append(got, fmt.Sprintf("%s=%q", e.Name, e.Value))
	}
	want := `B="2" C="3\n3" D="" E="a#b" G="x" H="\"open" I="1"`
	if all := strings.Join(got, " "); all != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}
