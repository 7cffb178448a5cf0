// Package web is what every page that people open in a browser shares: the layout, the style sheet, the protections, error pages,
// forms and charts. It knows nothing of leaks, sessions or set-up; whoever has pages starts with [New], parses their templates
// with [Site.Template], and sends them with [Site.Render].
//
// Pages work without JavaScript. The content security policy allows no inline script or style and nothing from elsewhere, so
// templates hold no style attributes: they use the classes of static/*.css, and charts are SVG with presentation attributes.
package web
