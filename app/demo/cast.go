package main

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"strings"
	"time"
)

// cast writes a recording in the format asciicast, version 2: https://docs.asciinema.org/manual/asciicast/v2/.
func cast(frames []frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{\"version\": 2, \"width\": %d, \"height\": %d, \"title\": \"rekey rotate\", \"env\": {\"TERM\": \"xterm-256color\"}}\n", columns, rows)
	for _, f := range frames {
		text, err := json.Marshal(f.text)
		if err != nil {
			continue // no string is none of JSON
		}
		fmt.Fprintf(&b, "[%.3f, \"o\", %s]\n", f.at.Seconds(), text)
	}
	return b.String()
}

// piece is text of one colour that appeared in a place of the screen.
type piece struct {
	at       time.Duration
	row, col int
	text     string
	class    string
}

// classes are the style classes of the colours that rekey writes: of bold alone, and of the colours.
var classes = map[string]string{"1": "b", "2": "f", "31": "r", "32": "g", "33": "y"}

// pieces plays a recording on a screen of endless height. It knows what rekey writes: lines, and colours.
func pieces(frames []frame) (all []piece, height int) {
	row, col, class := 0, 0, ""
	for _, f := range frames {
		for text := f.text; text != ""; {
			plain := text
			if i := strings.IndexAny(text, "\r\n\x1b"); i >= 0 {
				plain = text[:i]
			}
			if plain != "" {
				all = append(all, piece{f.at, row, col, plain, class})
				col += len([]rune(plain))
				text = text[len(plain):]
				continue
			}
			switch text[0] {
			case '\n':
				row++
				col = 0
				text = text[1:]
			case '\r':
				col = 0
				text = text[1:]
			default:
				var codes string
				codes, text, _ = strings.Cut(strings.TrimPrefix(text, "\x1b["), "m")
				class = strings.TrimSpace(class + " " + classes[codes])
				if codes == "0" || codes == "" {
					class = ""
				}
			}
		}
	}
	return all, row + 1
}

// Sizes of the picture, in pixels.
const (
	charWidth  = 8.43
	lineHeight = 19
	margin     = 16
)

// rest is how long the last screen is shown before it begins again.
const rest = 8 * time.Second

// svg draws a recording as a picture that moves, without a script. Whoever wants no movement sees the last screen.
func svg(frames []frame) string {
	all, height := pieces(frames)
	whole := (frames[len(frames)-1].at + rest).Seconds()
	percent := func(at time.Duration) float64 { return 100 * at.Seconds() / whole }
	width, tall := int(math.Ceil(columns*charWidth))+2*margin, rows*lineHeight+2*margin
	var b, scroll strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-label="rekey rotate in a terminal">`+"\n<style>\n", width, tall, width, tall)
	b.WriteString("text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#d6deeb;white-space:pre}\n" +
		".b{font-weight:bold}.f{fill:#8792a2}.r{fill:#ff7b72}.g{fill:#7ee787}.y{fill:#e3b341}\n")
	top := 0
	scroll.WriteString("0%{transform:translateY(0)}")
	for i, p := range all {
		fmt.Fprintf(&b, "@keyframes k%d{0%%,%.2f%%{opacity:0}%.2f%%,100%%{opacity:1}}\n", i, percent(p.at), percent(p.at)+0.01)
		if above := p.row - rows + 1; above > top {
			top = above
			fmt.Fprintf(&scroll, "%.2f%%{transform:translateY(%dpx)}", percent(p.at), -top*lineHeight)
		}
	}
	top = max(top, height-1-rows)
	fmt.Fprintf(&scroll, "100%%{transform:translateY(%dpx)}", -top*lineHeight)
	fmt.Fprintf(&b, "@keyframes scroll{%s}\n.s{animation:scroll %.2fs steps(1,end) infinite}\n", &scroll, whole)
	fmt.Fprintf(&b, "@media (prefers-reduced-motion:reduce){text{animation:none!important}.s{animation:none;transform:translateY(%dpx)}}\n</style>\n", -top*lineHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="8" fill="#0d1117"/>`+"\n", width, tall)
	fmt.Fprintf(&b, `<svg x="%d" y="%d" width="%d" height="%d"><g class="s">`+"\n", margin, margin, width-2*margin, rows*lineHeight)
	for i, p := range all {
		if strings.TrimSpace(p.text) == "" {
			continue
		}
		fmt.Fprintf(&b, `<text x="%.1f" y="%d" class="%s" style="animation:k%d %.2fs infinite" xml:space="preserve">%s</text>`+"\n",
			float64(p.col)*charWidth, p.row*lineHeight+14, p.class, i, whole, html.EscapeString(p.text))
	}
	b.WriteString("</g></svg>\n</svg>\n")
	return b.String()
}
