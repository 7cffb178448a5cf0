package web

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/rekey-app/rekey/respond/format"
)

// Series is a kind of value in a chart. Class gives its colour: fill-critical, fill-high, fill-medium, fill-low, fill-good or
// fill-accent.
type Series struct{ Name, Class string }

// Bar is a bar of a chart: one value for each series, stacked in their order from the ground up.
type Bar struct {
	Label  string
	Values []int64
}

// The sides of a chart in its own units. It stretches to the width that the page has, so no text stands in it.
const (
	barWidth, barGap = 12, 6
	chartHeight      = 96
	proportionWidth  = 1000
)

// Bars draws stacked bars. Pages say the numbers in a table or a caption too: the chart itself has its title alone.
func Bars(title string, series []Series, bars []Bar) template.HTML {
	highest := int64(1)
	for _, bar := range bars {
		highest = max(highest, sum(bar.Values))
	}
	var b strings.Builder
	open(&b, "chart bars", title, max(len(bars)*(barWidth+barGap)-barGap, 1), chartHeight)
	for i, bar := range bars {
		x, y := i*(barWidth+barGap), float64(chartHeight)
		fmt.Fprintf(&b, `<g><title>%s</title><rect class="fill-ground" x="%d" y="%d" width="%d" height="1"/>`, words(bar, series), x, chartHeight-1, barWidth)
		for j, value := range bar.Values {
			if value <= 0 || j >= len(series) {
				continue
			}
			height := max(float64(value)*chartHeight/float64(highest), 2) // what there is, is seen
			y = max(y-height, 0)
			fmt.Fprintf(&b, `<rect class="%s" x="%d" y="%.1f" width="%d" height="%.1f"/>`, template.HTMLEscapeString(series[j].Class), x, y, barWidth, height)
		}
		b.WriteString(`</g>`)
	}
	return end(&b)
}

// Proportions draws one bar that is divided as the values are. bar's label is not shown.
func Proportions(title string, series []Series, values []int64) template.HTML {
	var b strings.Builder
	open(&b, "chart proportions", title, proportionWidth, 10)
	whole, x := max(sum(values), 1), 0.0
	fmt.Fprintf(&b, `<rect class="fill-ground" x="0" y="0" width="%d" height="10"/>`, proportionWidth)
	for i, value := range values {
		if value <= 0 || i >= len(series) {
			continue
		}
		width := float64(value) * proportionWidth / float64(whole)
		fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="0" width="%.1f" height="10"><title>%s</title></rect>`,
			template.HTMLEscapeString(series[i].Class), x, max(width-2, 2), template.HTMLEscapeString(series[i].Name+": "+format.Number(value)))
		x += width
	}
	return end(&b)
}

// Sparkline draws how one value went.
func Sparkline(title string, values []int64) template.HTML {
	const width, height = 120, 28
	highest := int64(1)
	for _, v := range values {
		highest = max(highest, v)
	}
	var b strings.Builder
	open(&b, "chart spark", title, width, height)
	var points []string
	for i, v := range values {
		x := 0.0
		if len(values) > 1 {
			x = float64(i) * width / float64(len(values)-1)
		}
		points = append(points, fmt.Sprintf("%.1f,%.1f", x, height-2-float64(max(v, 0))*(height-4)/float64(highest)))
	}
	fmt.Fprintf(&b, `<polyline class="line-accent" fill="none" vector-effect="non-scaling-stroke" points="%s"/>`, strings.Join(points, " "))
	return end(&b)
}

func open(b *strings.Builder, class, title string, width, height int) {
	fmt.Fprintf(b, `<svg class="%s" role="img" viewBox="0 0 %d %d" preserveAspectRatio="none"><title>%s</title>`,
		class, width, height, template.HTMLEscapeString(title))
}

func end(b *strings.Builder) template.HTML {
	b.WriteString(`</svg>`)
	return template.HTML(b.String()) //nolint:gosec // every text in it is escaped above
}

func words(bar Bar, series []Series) string {
	parts := make([]string, 0, len(series))
	for i, s := range series {
		if i < len(bar.Values) {
			parts = append(parts, s.Name+" "+format.Number(bar.Values[i]))
		}
	}
	return template.HTMLEscapeString(bar.Label + ": " + strings.Join(parts, ", "))
}

func sum(values []int64) (n int64) {
	for _, v := range values {
		n += max(v, 0)
	}
	return n
}
