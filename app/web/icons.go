package web

import "html/template"

// icons are drawn in a square of 16, with the text's colour. They say nothing that a text beside them does not.
var icons = map[string]string{
	"overview":   `<rect x="2" y="2" width="5" height="5" rx="1.2"/><rect x="9" y="2" width="5" height="5" rx="1.2"/><rect x="2" y="9" width="5" height="5" rx="1.2"/><rect x="9" y="9" width="5" height="5" rx="1.2"/>`,
	"leaks":      `<circle cx="5.2" cy="10.8" r="3.2"/><path d="M7.6 8.4 13.5 2.5M11 5l2 2M9.3 6.7l1.2 1.2"/>`,
	"repository": `<path d="M3 12.5V3.6A1.6 1.6 0 0 1 4.6 2H13v9H4.5A1.5 1.5 0 0 0 3 12.5 1.5 1.5 0 0 0 4.5 14H13v-3"/>`,
	"activity":   `<path d="M1.5 8.5h3l2-5.5 3 10.5 2-5h3"/>`,
	"health":     `<path d="M8 13.7S2 10.2 2 6a3.2 3.2 0 0 1 6-1.6A3.2 3.2 0 0 1 14 6c0 4.2-6 7.7-6 7.7Z"/>`,
	"search":     `<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>`,
	"out":        `<path d="M6 3H3.5A1.5 1.5 0 0 0 2 4.5v8A1.5 1.5 0 0 0 3.5 14h8a1.5 1.5 0 0 0 1.5-1.5V10M9 2h5v5M14 2 7.5 8.5"/>`,
	"download":   `<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>`,
	"again":      `<path d="M13.5 8A5.5 5.5 0 1 1 11.8 4M13.5 1.5V5H10"/>`,
	"check":      `<path d="m3 8.5 3.5 3.5L13 4.5"/>`,
	"close":      `<path d="m3.5 3.5 9 9M12.5 3.5l-9 9"/>`,
	"up":         `<path d="M8 13V3M4 7l4-4 4 4"/>`,
	"down":       `<path d="M8 3v10M4 9l4 4 4-4"/>`,
	"next":       `<path d="m6 3 5 5-5 5"/>`,
	"clock":      `<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>`,
	"commit":     `<circle cx="8" cy="8" r="2.8"/><path d="M1 8h4.2M10.8 8H15"/>`,
	"lock":       `<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5 7V5a3 3 0 0 1 6 0v2"/>`,
	"globe":      `<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2.2 2 2.2 10 0 12M8 2c-2.2 2-2.2 10 0 12"/>`,
	"shield":     `<path d="M8 1.8 13.5 4v4c0 3.2-2.3 5.3-5.5 6.3C4.8 13.3 2.5 11.2 2.5 8V4Z"/><path d="m5.5 8 1.8 1.8L10.7 6.3"/>`,
	"person":     `<circle cx="8" cy="5" r="3"/><path d="M2.5 14c.5-3 2.7-4.5 5.5-4.5s5 1.5 5.5 4.5"/>`,
	"info":       `<circle cx="8" cy="8" r="6"/><path d="M8 7.3v4M8 4.8v.1"/>`,
	"good":       `<circle cx="8" cy="8" r="6"/><path d="m5.3 8.2 1.9 1.9 3.6-4"/>`,
	"warn":       `<path d="M8 2 14.5 13.5h-13ZM8 6.5v3.2M8 11.7v.1"/>`,
	"bad":        `<circle cx="8" cy="8" r="6"/><path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4"/>`,
	"off":        `<circle cx="8" cy="8" r="6"/><path d="M4.8 8h6.4"/>`,
	// Severities differ in shape, so that nobody needs colours to tell them apart.
	"critical": `<path class="solid" d="M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2Z"/><path class="on" d="M8 4.3v4.6M8 11.4v.2"/>`,
	"high":     `<path class="solid" d="M8 1.8 15 14H1Z"/><path class="on" d="M8 6v4M8 12.1v.1"/>`,
	"medium":   `<path class="solid" d="M8 1.5 14.5 8 8 14.5 1.5 8Z"/>`,
	"low":      `<circle cx="8" cy="8" r="5"/>`,
}

// icon draws an icon; an unknown name draws nothing.
func icon(name string) template.HTML {
	shape, ok := icons[name]
	if !ok {
		return ""
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">` + shape + `</svg>`) //nolint:gosec // our own
}
