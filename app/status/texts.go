package status

import (
	"cmp"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Texts are repositories by how far the reading of texts is that were there before rekey, and what was read.
type Texts struct {
	Done    int            `json:"done"`
	Reading int            `json:"reading"` // or it waits to go on
	Waiting int            `json:"waiting"`
	GivenUp int            `json:"given_up"`
	Lists   []TextList     `json:"lists"`
	Edited  int            `json:"edited"` // texts whose earlier versions were read
	Skipped []SkippedTexts `json:"skipped"`
}

// TextList are the texts of a list.
type TextList struct {
	List string `json:"list"`
	Read int    `json:"read"`
	Left int    `json:"left"` // about how many there are in repositories that are being read, where GitHub tells
}

// SkippedTexts is a list that can't be read in some repositories.
type SkippedTexts struct {
	List         string `json:"list"`
	Reason       string `json:"reason"`
	Repositories int    `json:"repositories"`
}

// TextsOf is what the ledger knows of texts, for people.
func TextsOf(p ledger.TextProgress) Texts {
	t := Texts{Done: p.Done, Reading: p.Reading, Waiting: p.Waiting, GivenUp: p.GivenUp, Edited: p.Edited, Lists: []TextList{}, Skipped: []SkippedTexts{}}
	for i, list := range ledger.TextLists() {
		t.Lists = append(t.Lists, TextList{list, p.Read[i], p.Left[i]})
	}
	for _, s := range p.Skipped {
		t.Skipped = append(t.Skipped, SkippedTexts(s))
	}
	return t
}

// Read is how many texts were read, and Left about how many are left where they are being read.
func (t Texts) Read() (read, left int) {
	for _, l := range t.Lists {
		read, left = read+l.Read, left+l.Left
	}
	return read, left
}

func (p *page) texts(t Texts) {
	if t.Done+t.Reading+t.Waiting+t.GivenUp == 0 {
		return
	}
	p.printf("\n")
	gone := cell{count(t.GivenUp), ""}
	if t.GivenUp > 0 {
		gone.colour = red
	}
	row := func(name string, n int) []cell { return []cell{{"  " + name, ""}, {count(n), ""}} }
	p.table("lr", heads("Older issues and comments", ""), row("read", t.Done), row("being read", t.Reading), row("to be read", t.Waiting),
		[]cell{{"  given up", ""}, gone})
	read, left := t.Read()
	line := "  " + format.Count(read, "text", "texts") + " read"
	if left > 0 {
		line += ", about " + count(left) + " left in those being read"
	}
	p.printf("%s.\n", line)
	for _, s := range t.Skipped {
		p.printf("  %s\n", p.paint(yellow, terminal.Printable(s.Words())))
	}
}

// Words says what is left out, and where.
func (s SkippedTexts) Words() string {
	return strings.ToUpper(s.List[:min(1, len(s.List))]) + s.List[min(1, len(s.List)):] + " left out in " +
		format.Count(s.Repositories, "repository", "repositories") + ": " + s.Reason + "."
}

// Waits says until when a reading of texts waits, and why; "" where it doesn't.
func Waits(r ledger.RunningTexts, now time.Time) string {
	if !r.Paused.After(now) {
		return ""
	}
	return "waits until " + r.Paused.UTC().Format("15:04") + " UTC: " + cmp.Or(r.Reason, "it is tried again then")
}
