package guide

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/respond/markdown"
)

// A change takes the old credential out of the places of one kind, in one step.
type change struct {
	kind     changeKind
	text     string // Markdown, with HERE for the places
	language string // of what is to be copied
	code     string // what is to be copied; "" for nothing
	note     string // Markdown: behind it
	runs     bool   // what runs may read these places, so that the commit has to be deployed
	whole    bool   // the place is the whole file
	unknown  bool   // whether there are such places is not known, or not to be told
	places   []string
}

type changeKind string

// The kinds, with the titles of their steps.
const (
	inSource   changeKind = "Replace the key in the code."
	inClient   changeKind = "Remove the key from the app."
	inSettings changeKind = "Remove the key from the settings in git."
	inText     changeKind = "Remove the key from the text."
	inFile     changeKind = "Remove the file from git."
	anywhere   changeKind = "Remove the old one from the files in git."
)

// maxChanges is how many kinds of places get a step of their own.
const maxChanges = 5

// changes returns what to change in the files, one for each kind of place. Where nothing may be told of the places, or
// nothing is known of them, it is one change for all.
func changes(t *tree, l Leak, r repository) []change {
	if l.Hide || t.files == nil {
		return unknownPlaces(r)
	}
	var out []change
	if r.browser != "" {
		out = append(out, rename(r))
	}
	for _, at := range l.Head {
		c := changeAt(t, at, r)
		where := place(at)
		if c.whole {
			where = markdown.Code(at.Path)
		}
		i := slices.IndexFunc(out, func(o change) bool {
			return o.kind == c.kind && o.text == c.text && o.code == c.code && o.note == c.note
		})
		if i < 0 {
			out = append(out, c)
			i = len(out) - 1
		}
		if !slices.Contains(out[i].places, where) {
			out[i].places = append(out[i].places, where)
		}
	}
	return out
}

// unknownPlaces is what to change where the places are not known, or not to be told.
func unknownPlaces(r repository) []change {
	if r.variable == "" {
		return []change{{kind: anywhere, runs: true, unknown: true, text: "If it is still in a file of this repository, delete it there and commit that."}}
	}
	if r.browser != "" {
		return []change{rename(r)}
	}
	return []change{{
		kind: anywhere, runs: true, unknown: true,
		text: "If it is still in a file of this repository, in code or in settings, read " + code(r.variable) + " there instead, or delete the line, and commit that.",
	}}
}

// rename takes a secret out of the variables that a framework ships to browsers.
func rename(r repository) change {
	return change{
		kind: inClient, runs: true, language: "sh", code: "git grep -n " + r.browser,
		text: code(r.browser) + " is built into what every visitor downloads. Rename it to " + code(r.variable) + " everywhere, and read it in server code only. Find it with:",
		note: "Delete the old name from your host's settings too.",
	}
}

func place(at Location) string {
	s := at.Path
	switch {
	case at.Member != "":
		s += "!" + at.Member
	case at.Line > 0:
		s += ":" + number(at.Line)
	}
	return markdown.Code(s)
}

// changeAt says how to take the credential out of one place: by what the file is, then by its language.
func changeAt(t *tree, at Location, r repository) change {
	variable := r.variable
	switch {
	case at.Member != "":
		return change{kind: inFile, runs: true, text: "The key is inside HERE. Remove the archive from git, or rebuild it without the key."}
	case keylessFile.MatchString(at.Path):
		return untrack(strings.TrimSuffix(at.Path[:strings.LastIndex("/"+at.Path, "/.clerk/")], "/")+"/.clerk", true)
	case built(at.Path) != "":
		return untrack(built(at.Path), true)
	case r.variable == "":
		return change{kind: inText, text: "In HERE, delete it."}
	}
	if c, ok := inSettingsFile(t, at, variable); ok {
		return c
	}
	if lang, ok := languageOf(t, at); ok {
		return inCode(t, at, lang, variable)
	}
	if shipped := shippedFile(t, at); shipped != "" {
		return change{kind: inClient, runs: true, text: "HERE is " + shipped + ", where anyone can read it. " + moveToServer(variable, shipped)}
	}
	switch strings.ToLower(path.Ext(at.Path)) {
	case ".md", ".mdx", ".markdown", ".txt", ".rst", ".adoc", ".log", ".csv", ".tsv", ".tex", ".org", ".patch", ".diff", ".har", ".svg", ".pdf", ".docx":
		return change{kind: inText, text: "In HERE, delete the key."}
	}
	return change{
		kind: inSettings, runs: true,
		text: "Delete the key in HERE. What loads the file reads the environment variable " + code(variable) + " instead.",
	}
}

var (
	appBundle  = newPattern(`\.(plist|xcconfig|pbxproj|strings)$|(^|/)res/(values|raw|xml)[^/]*/[^/]+$`)
	publicFile = newPattern(`(^|/)(public|static|wwwroot)/`)
)

// shippedFile says where a file that is no code goes, if that is where everybody can read it; "" if it is not.
func shippedFile(t *tree, at Location) string {
	switch {
	case appBundle.MatchString(at.Path), strings.Contains("/"+at.Path, "/assets/") && strings.Contains(t.above(at.Path, "pubspec.yaml"), "flutter"):
		return "part of the app"
	case publicFile.MatchString(at.Path):
		return "served to browsers"
	}
	return ""
}

// built returns the folder of what a build wrote, "" for files that are no such thing.
func built(p string) string {
	dir := ""
	for e := range strings.SplitSeq(path.Dir(p), "/") {
		dir = path.Join(dir, e)
		switch e {
		case ".next", ".nuxt", ".output", ".svelte-kit", ".turbo", ".vercel", ".netlify", ".wrangler", ".expo", "dist", "node_modules", "__pycache__", ".terraform":
			return dir
		}
	}
	return ""
}

// untrack takes a file or folder out of git, and keeps it out.
func untrack(p string, folder bool) change {
	p = strings.TrimPrefix(p, "/")
	flags, ignore, what := "", "/"+p, "file"
	if folder {
		flags, ignore, what = "-r ", ignore+"/", "folder"
	}
	c := change{kind: inFile, runs: true, whole: true, text: "Take " + markdown.Code(p) + " out. The " + what + " stays on your disk:", language: "sh"}
	if !pathSafe.MatchString(p) {
		c.language, c.text = "", "Remove "+markdown.Code(p)+" with `git rm --cached`, and add it to `.gitignore`."
		return c
	}
	c.code = "git rm " + flags + "--cached " + p + " && echo '" + ignore + "' >> .gitignore"
	return c
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
