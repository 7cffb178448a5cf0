package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// Verdict is how one scanner did on the corpus.
type Verdict struct {
	Found  int // plants that it reported, whatever it called them
	AtLine int // of these, at the line where they stand
	Named  int // of these, by their right name
	Alarms int // places where it reported what is no credential, or named the wrong vendor

	Missed    []Plant
	AlarmedAt []Report
}

// Judge holds what a scanner said against what stands in the corpus. A report counts for the plants of its file whose
// value it shows, whatever the line: some scanners name only the first line of decoded text, or none. A report that
// shows no plant's value counts for the plants on its line.
//
// Every other report is an alarm, one for each line, except that for a look-alike which is another vendor's credential,
// a report that names this vendor, or that names none ("generic"), is right.
func (c *Corpus) Judge(s Scanner, reports []Report) Verdict {
	found := make([]bool, len(c.Plants))
	atLine := make([]bool, len(c.Plants))
	named := make([]bool, len(c.Plants))
	var strays []Report
	for _, r := range reports {
		plants := c.plantsOf(r)
		if len(plants) == 0 {
			strays = append(strays, r)
		}
		for _, i := range plants {
			p := c.Plants[i]
			found[i] = true
			atLine[i] = atLine[i] || p.hasLine(r)
			named[i] = named[i] || s.Names(r, p)
		}
	}
	var v Verdict
	for i, p := range c.Plants {
		if !found[i] {
			v.Missed = append(v.Missed, p)
		}
		v.Found += count(found[i])
		v.AtLine += count(atLine[i])
		v.Named += count(named[i])
	}
	v.AlarmedAt = c.alarms(strays)
	v.Alarms = len(v.AlarmedAt)
	return v
}

// plantsOf returns the indices of the plants that a report is about.
func (c *Corpus) plantsOf(r Report) []int {
	var byValue, byLine []int
	for i, p := range c.Plants {
		if p.hasValue(r) {
			byValue = append(byValue, i)
		}
		if p.hasLine(r) {
			byLine = append(byLine, i)
		}
	}
	if len(byValue) > 0 {
		return byValue
	}
	return byLine
}

// alarms returns the first of the reports for each line, but for those that are right about another vendor.
func (c *Corpus) alarms(strays []Report) []Report {
	type place struct {
		path string
		line int
	}
	vendors := map[place]string{}
	for _, l := range c.LookAlikes {
		vendors[place{l.Path, l.Line}] = l.Vendor
	}
	seen := map[place]bool{}
	var alarms []Report
	for _, r := range strays {
		at := place{r.Path, r.Line}
		name := strings.ToLower(r.Name)
		vendor := vendors[at]
		right := vendor != "" && (strings.Contains(name, vendor) || strings.Contains(name, "generic"))
		if right || seen[at] {
			continue
		}
		seen[at] = true
		alarms = append(alarms, r)
	}
	return alarms
}

// hasLine reports whether the report names a line on which the plant stands.
func (p Plant) hasLine(r Report) bool {
	return p.Path == r.Path && r.Line <= p.EndLine && max(r.EndLine, r.Line) >= p.Line
}

// hasValue reports whether the report is about the plant's file and shows its value. A part of it will do, if it is most of
// the body: some scanners show what they decoded from the middle of a line.
func (p Plant) hasValue(r Report) bool {
	file, _, _ := strings.Cut(p.Path, "!")
	reported, _, _ := strings.Cut(r.Path, "!")
	if file != reported {
		return false
	}
	if r.Fingerprint != "" {
		return r.Fingerprint == p.Fingerprint
	}
	return r.Value != "" && strings.Contains(r.Value, p.value[len(p.value)-24:])
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// PrintCorpus prints the table of how the scanners did, in Markdown.
func PrintCorpus(w io.Writer, c *Corpus, timings []Timing) {
	fmt.Fprintf(w, "%d planted credentials, %d lines of look-alikes, %d files\n\n", len(c.Plants), len(c.LookAlikes), len(c.files))
	fmt.Fprintln(w, "| scanner | found | at their line | named right | false alarms | wall ms | cpu ms |")
	fmt.Fprintln(w, "| --- | --: | --: | --: | --: | --: | --: |")
	for _, t := range timings {
		v := c.Judge(t.Scanner, t.Reports)
		fmt.Fprintf(w, "| %s | %d | %d | %d | %d | %d | %d |\n", t.Scanner.Name, v.Found, v.AtLine, v.Named, v.Alarms,
			t.Wall.Milliseconds(), t.CPU.Milliseconds())
	}
}

// PrintTimes prints the times alone, in Markdown, with each scanner's ratio to the first.
func PrintTimes(w io.Writer, timings []Timing) {
	fmt.Fprintln(w, "| scanner | wall s | cpu s | times as long | times the cpu | reports |")
	fmt.Fprintln(w, "| --- | --: | --: | --: | --: | --: |")
	for _, t := range timings {
		reports := ""
		if t.Scanner.Parse != nil {
			reports = fmt.Sprint(len(t.Reports))
		}
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.1f | %.1f | %s |\n", t.Scanner.Name, t.Wall.Seconds(), t.CPU.Seconds(),
			t.Wall.Seconds()/timings[0].Wall.Seconds(), t.CPU.Seconds()/timings[0].CPU.Seconds(), reports)
	}
}

// PrintPlaces lists what each scanner missed and where it alarmed, without the credentials.
func PrintPlaces(w io.Writer, c *Corpus, timings []Timing) {
	for _, t := range timings {
		v := c.Judge(t.Scanner, t.Reports)
		for _, p := range v.Missed {
			fmt.Fprintf(w, "%s missed %s:%d %s %s %s\n", t.Scanner.Name, p.Path, p.Line, p.Kind, p.Encoding, detect.NewSecret(p.value))
		}
		slices.SortFunc(v.AlarmedAt, func(a, b Report) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
		})
		for _, r := range v.AlarmedAt {
			fmt.Fprintf(w, "%s alarmed at %s:%d as %s\n", t.Scanner.Name, r.Path, r.Line, r.Name)
		}
	}
}
