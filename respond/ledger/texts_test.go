package ledger_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// inComment is a leak in a comment, as an event of that minute tells it.
func inComment(fingerprint, node string, minute int) respond.Observation {
	o := observation(fingerprint, 3)
	o.Sighting = respond.Sighting{
		Source: respond.InIssueComment, Line: 3, Column: 18, EndLine: 3, EndColumn: 68, Encoding: "plain", AuthorName: "sam",
		Authored: start().Add(time.Duration(minute) * time.Minute),
		Text:     respond.Text{NodeID: node, ID: 34, Number: 12, URL: "https://github.example/" + node, Field: "body"},
	}
	return o
}

func former(o respond.Observation) respond.Observation {
	o.Sighting.Text.Former, o.AtHead = true, false
	return o
}

// gone is a text whose deletion came a second after its last version.
func gone(o respond.Observation) respond.Observation {
	o.Sighting.Text.Gone, o.AtHead = o.Sighting.Authored.Add(time.Second), false
	return o
}

func scanOfText(node string) respond.Scan {
	scan := scanOf("history of "+node, string(respond.TriggerText))
	scan.Ref = ""
	return scan
}

// told is what is known of a text now.
func told(s respond.Sighting) string {
	var words []string
	if s.Text.Former {
		words = append(words, "former")
	}
	if !s.Text.Gone.IsZero() {
		words = append(words, "gone")
	}
	if len(words) == 0 {
		return "there"
	}
	return strings.Join(words, " ")
}

func places(t *testing.T, s *ledger.Store, leak int64) (list []respond.Sighting) {
	t.Helper()
	view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		list, err = tx.Sightings(ctx, leak, 100)
		return err
	})
	return list
}

// TestTextsInTheOrderOfTheirVersions: events of one text come in any order, and twice. What the newest version says counts.
func TestTextsInTheOrderOfTheirVersions(t *testing.T) {
	t.Parallel()
	written, kept := inComment("f1", "IC_1", 0), inComment("f1", "IC_1", 1)
	out, outLater := former(inComment("f1", "IC_1", 1)), former(inComment("f1", "IC_1", 3))
	again, deleted := inComment("f1", "IC_1", 4), gone(inComment("f1", "IC_1", 4))
	all := func(os ...respond.Observation) []respond.Observation { return os }
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		for name, test := range map[string]struct {
			events []respond.Observation
			want   string
			minute int // of the version that counts
		}{
			"written":                        {all(written), "there", 0},
			"written, twice":                 {all(written, written), "there", 0},
			"edited, and still there":        {all(written, kept), "there", 1},
			"edited out":                     {all(written, out), "former", 1},
			"edited out, written came late":  {all(out, written), "former", 1},
			"edited out, twice":              {all(written, out, written, out), "former", 1},
			"written again":                  {all(written, out, again), "there", 4},
			"written again, edit came late":  {all(written, again, out), "there", 4},
			"edited out twice":               {all(written, out, outLater), "former", 3},
			"deleted":                        {all(again, deleted), "gone", 4},
			"deleted, written came late":     {all(deleted, again), "gone", 4},
			"deleted, an edit came late":     {all(deleted, out), "gone", 4},
			"deleted, after it was out":      {all(written, out, gone(out)), "former gone", 1},
			"gone, then edits in disorder":   {all(written, gone(out), outLater, inComment("f1", "IC_1", 2)), "former", 3},
			"replaced":                       {all(written, gone(out)), "former gone", 1},
			"replaced, it came late":         {all(written, again, gone(out)), "there", 4},
			"out before, deleted with a key": {all(out, deleted, written), "gone", 4},
		} {
			fingerprint, node := "f "+name, "IC "+name
			var leak int64
			for _, o := range test.events {
				o.Leak.Fingerprint, o.Sighting.Text.NodeID = fingerprint, node
				r := record(t, s, scanOfText(node), o)
				leak = append(r.New, r.Known...)[0].ID
			}
			list := places(t, s, leak)
			if len(list) != 1 {
				t.Errorf("%s: %d places, want one", name, len(list))
				continue
			}
			equal(t, name, told(list[0]), test.want)
			equal(t, name+": of", list[0].Authored, start().Add(time.Duration(test.minute)*time.Minute))
		}
	})
}

// TestWrittenAgainAfterItWasGone: a version that was deleted is gone; the same key in a newer version of the text is not.
func TestWrittenAgainAfterItWasGone(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		leak := record(t, s, scanOfText("IC_1"), inComment("f1", "IC_1", 0)).New[0].ID
		record(t, s, scanOfText("IC_1"), former(inComment("f1", "IC_1", 1)))
		is := func(want string) {
			t.Helper()
			equal(t, "the text", told(places(t, s, leak)[0]), want)
		}
		is("former")
		seen := start().Add(2 * time.Minute)
		clock.Time = seen
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			_, err := tx.SaveText(ctx, places(t, s, leak)[0].ID, true, seen)
			return err
		})
		is("former gone")
		for _, older := range []respond.Observation{inComment("f1", "IC_1", 0), former(inComment("f1", "IC_1", 1))} {
			record(t, s, scanOfText("IC_1"), older) // GitHub sends it again
			is("former gone")
		}
		record(t, s, scanOfText("IC_1"), inComment("f1", "IC_1", 5))
		is("there")
		record(t, s, scanOfText("IC_1"), former(inComment("f1", "IC_1", 6)))
		is("former")
	})
}

// TestPlacesOfTexts: each field of each text is a place of its own, wherever in it the key is; what is recorded of it comes back whole.
func TestPlacesOfTexts(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		first := inComment("f1", "IC_1", 0)
		moved := inComment("f1", "IC_1", 1)
		moved.Sighting.Line, moved.Sighting.EndLine = 30, 30
		title := inComment("f1", "IC_1", 2)
		title.Sighting.Text.Field = "title"
		other := inComment("f1", "IC_2", 3)
		noNode, noNodeToo := inComment("f1", "", 4), inComment("f1", "", 5)
		noNode.Sighting.Text.URL, noNodeToo.Sighting.Text.URL = "https://github.example/a", "https://github.example/b"
		file := observation("f1", 1)
		leak := record(t, s, scanOfText("IC_1"), first, moved, title, other, noNode, noNodeToo).New[0]
		record(t, s, scanOf(headA, "push"), file)
		list := places(t, s, leak.ID)
		if len(list) != 6 {
			t.Fatalf("%d places, want 6", len(list))
		}
		want := title.Sighting
		want.ID, want.Leak = list[1].ID, leak.ID
		equal(t, "a place", list[1], want)

		// A text is no commit's: no check of another head shows it, and no path is noted.
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			scans, err := tx.Scans(ctx, 9, "history of IC_1")
			equal(t, "scans of a text's head", len(scans), 0)
			shown, err2 := tx.HeadSightings(ctx, 9, headA)
			equal(t, "shown by the push's check", len(shown), 1)
			if err != nil {
				return err
			}
			return err2
		})
	})
}

func TestTextsOf(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		leak := record(t, s, scanOfText("IC_1"), inComment("f1", "IC_1", 0), inComment("f1", "IC_2", 0), former(inComment("f1", "IC_3", 0)), gone(inComment("f1", "IC_4", 0)), inComment("f2", "IC_1", 0)).New[0].ID
		record(t, s, scanOf(headA, "push"), observation("f1", 1))
		texts := func(limit int) (list []respond.Sighting) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				list, err = tx.TextsOf(ctx, leak, limit)
				return err
			})
			return list
		}
		nodes := func(list []respond.Sighting) string {
			var ids []string
			for _, one := range list {
				ids = append(ids, one.Text.NodeID)
			}
			return strings.Join(ids, " ")
		}
		equal(t, "texts that are not gone", nodes(texts(10)), "IC_1 IC_2 IC_3")
		equal(t, "two of them", nodes(texts(2)), "IC_1 IC_2")

		clock.Time = start().Add(time.Hour)
		save := func(i int, former bool, gone time.Time, want bool) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				news, err := tx.SaveText(ctx, places(t, s, leak)[i].ID, former, gone)
				equal(t, "news", news, want)
				return err
			})
		}
		save(0, false, time.Time{}, false) // as it was
		save(0, true, time.Time{}, true)
		save(0, true, time.Time{}, false)
		save(0, false, time.Time{}, true) // written again
		save(1, true, clock.Time, true)
		save(1, true, clock.Time.Add(time.Hour), false) // it is gone once
		save(1, false, time.Time{}, false)              // and for good, until an event says otherwise
		save(2, true, clock.Time, true)
		equal(t, "texts that are left", nodes(texts(10)), "IC_1")
		list := places(t, s, leak)
		equal(t, "the first", told(list[0]), "there")
		equal(t, "the second", told(list[1]), "former gone")
		equal(t, "was seen to be gone", list[1].Text.Gone, clock.Time)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			news, err := tx.SaveText(ctx, 1<<40, true, clock.Time)
			equal(t, "news of what is not on record", news, false)
			return err
		})
	})
}

// TestMasks: a mask is recorded with what follows for the text, counts for its leak, and an event about the version before it changes nothing.
func TestMasks(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		written := inComment("f1", "IC_1", 0)
		var leak int64
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			for _, o := range []respond.Observation{written, inComment("f1", "IC_2", 0)} {
				recorded, err := tx.RecordScan(ctx, scanOfText(o.Sighting.Text.NodeID), []respond.Observation{o})
				if err != nil {
					return err
				}
				for _, l := range append(recorded.New, recorded.Known...) {
					leak = l.ID
				}
			}
			return nil
		})
		save := func(at time.Time, why respond.Kept, news bool) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				list, err := tx.InText(ctx, repository().ID, "IC_1", 10)
				if err != nil || len(list) != 1 {
					t.Fatalf("%d sightings in the text, %v", len(list), err)
				}
				if got, err := tx.SaveMask(ctx, list[0].ID, at, why); err != nil || got != news {
					t.Errorf("news %v, %v; want %v", got, err, news)
				}
				return nil
			})
		}
		masked := func(want int) respond.Text {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				if n, err := tx.Masked(ctx, leak); n != want || err != nil {
					t.Errorf("masked in %d texts, %v; want %d", n, err, want)
				}
				return nil
			})
			return places(t, s, leak)[0].Text
		}
		save(time.Time{}, respond.KeptPermission, true)
		save(time.Time{}, respond.KeptPermission, false)
		if text := masked(0); text.Kept != respond.KeptPermission || text.Former || !text.Masked.IsZero() {
			t.Errorf("kept: %+v", text)
		}
		at := start().Add(time.Minute)
		save(at, "", true)
		if text := masked(1); text.Kept != "" || !text.Former || !text.Masked.Equal(at) {
			t.Errorf("masked: %+v", text)
		}
		again := func(o respond.Observation) {
			t.Helper()
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				_, err := tx.RecordScan(ctx, scanOfText("IC_1"), []respond.Observation{o})
				return err
			})
		}
		again(written) // its event came late
		if text := masked(1); !text.Former || !text.Masked.Equal(at) {
			t.Errorf("after a late event: %+v", text)
		}
		again(inComment("f1", "IC_1", 2)) // somebody wrote it again
		if text := masked(1); text.Former || !text.Masked.Equal(at) {
			t.Errorf("written again: %+v", text)
		}
	})
}
