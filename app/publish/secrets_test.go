package publish

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/guide"
)

// TestWhichSecretAJobGets: its environment's, then the repository's, then the organisation's; where the App may not look, nobody can tell.
func TestWhichSecretAJobGets(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	type lists map[string][]github.Secret
	of := func(name string, at time.Time) []github.Secret { return []github.Secret{{Name: name, UpdatedAt: at}} }
	for name, test := range map[string]struct {
		lists lists
		asked []string
		want  map[guide.Secret]time.Time
	}{
		"the repository's": {
			lists{"repository ": of("KEY", day(1)), "environment stage": nil, "organization ": of("KEY", day(2))},
			[]string{"repository ", "environment stage"},
			map[guide.Secret]time.Time{{Name: "KEY"}: day(1), {Name: "KEY", Environment: "stage"}: day(1)},
		},
		"the environment's": {
			lists{"repository ": nil, "environment stage": of("KEY", day(3)), "organization ": of("KEY", day(2))},
			[]string{"repository ", "organization ", "environment stage"},
			map[guide.Secret]time.Time{{Name: "KEY"}: day(2), {Name: "KEY", Environment: "stage"}: day(3)},
		},
		"environments not seen": {
			lists{"repository ": of("KEY", day(1))},
			[]string{"repository ", "environment stage"},
			map[guide.Secret]time.Time{{Name: "KEY"}: day(1)},
		},
		"nothing seen": {lists{}, []string{"repository ", "environment stage"}, map[guide.Secret]time.Time{}},
		"set nowhere":  {lists{"repository ": nil, "environment stage": nil, "organization ": nil}, []string{"repository ", "organization ", "environment stage"}, map[guide.Secret]time.Time{}},
	} {
		var asked []string
		seen := seenSecrets{lists: map[string]secretList{}, ask: func(kind, environment string) ([]github.Secret, error) {
			asked = append(asked, kind+" "+environment)
			list, there := test.lists[kind+" "+environment]
			if !there {
				return nil, github.ErrForbidden
			}
			return list, nil
		}}
		got := map[guide.Secret]time.Time{}
		for _, s := range []guide.Secret{{Name: "KEY"}, {Name: "KEY", Environment: "stage"}} {
			at, known, err := seen.updated(s)
			if err != nil {
				t.Fatal(err)
			}
			if known {
				got[s] = at
			}
		}
		if diff := cmp.Diff([]any{test.want, test.asked}, []any{got, asked}); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	down := errors.New("GitHub is away")
	seen := seenSecrets{lists: map[string]secretList{}, ask: func(string, string) ([]github.Secret, error) { return nil, down }}
	if _, _, err := seen.updated(guide.Secret{Name: "KEY"}); !errors.Is(err, down) {
		t.Errorf("%v: what isn't known for now is not taken for unset", err)
	}
	asked := 0
	seen = seenSecrets{lists: map[string]secretList{}, ask: func(string, string) ([]github.Secret, error) { asked++; return nil, nil }}
	for i := range 50 {
		if _, _, err := seen.updated(guide.Secret{Name: "KEY", Environment: string(rune('a' + i))}); err != nil {
			t.Fatal(err)
		}
	}
	if asked != maxEnvironments+2 {
		t.Errorf("%d requests", asked)
	}
}
