package text

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/markdown"
)

// inFileOnGitHub reports whether a sighting is in something that is a file: of a wiki, of a release, of the logs of a run.
func inFileOnGitHub(s respond.Sighting) bool {
	return s.Source == respond.InWiki || s.Source == respond.InAsset || s.Source == respond.InLog
}

// maxName is how much of a name is shown, in characters.
const maxName = 80

// fileName names a file on GitHub in words, with names of its parts as code makes them.
func fileName(s respond.Sighting, code func(string) string) string {
	name := func(text string) string {
		if runes := []rune(text); len(runes) > maxName {
			text = string(runes[:maxName]) + "…"
		}
		return code(text)
	}
	field := s.Text.Field
	switch s.Source {
	case respond.InWiki:
		switch s.Path {
		case "":
			return "the message of a change to the wiki"
		case field:
			return "the file " + name(field) + " of the wiki"
		}
		return "the wiki page " + name(field)
	case respond.InAsset:
		if s.Member != "" {
			return name(s.Member) + " in the release's file " + name(field)
		}
		return "the release's file " + name(field)
	}
	log, known := respond.LogOf(field)
	switch {
	case !known:
		return "a log of GitHub Actions"
	case log.Step == 0:
		return fmt.Sprintf("line %d of the log of the job %s", s.Line, name(log.Job))
	}
	return fmt.Sprintf("line %d of the step %s in the log of the job %s", s.Line, name(log.Name), name(log.Job))
}

// fileClicks says how to remove a file on GitHub, by its documentation: adding-or-editing-wiki-pages, managing-releases-in-a-repository and
// using-workflow-run-logs in https://docs.github.com/en.
func fileClicks(s respond.Sighting) string {
	switch s.Source {
	case respond.InAsset:
		return "edit the release, remove the file there, and click **Update release**. Upload a clean one if people need it."
	case respond.InLog:
		return "comment `/rekey delete-logs`. Or open the run, and choose **Delete all logs** in the **…** menu."
	}
	rest := "the wiki's history keeps every version. To remove it from there too, " + wikiRewrite(s)
	if s.Path == "" {
		return rest
	}
	if s.Text.Former {
		return rest + " Then write the page again."
	}
	return "edit the key out. " + upper(rest) + " Then write the page again."
}

// wikiRewrite says how to take a file out of a wiki's history.
func wikiRewrite(s respond.Sighting) string {
	repository, _, _ := strings.Cut(s.Text.URL, "/wiki")
	clone := repository + ".wiki.git"
	if s.Path == "" {
		return "clone " + markdown.Code(clone) + ", change the message with " + markdown.Code("git rebase") + ", and push with " + markdown.Code("--force") + "."
	}
	path := s.Path
	if strings.HasPrefix(path, "-") || strings.ContainsFunc(path, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._-/", c)
	}) {
		path = "ITS-PATH"
	}
	return "clone " + markdown.Code(clone) + ", and run " + markdown.Code("git filter-repo --invert-paths --path "+path) + " and " +
		markdown.Code("git push --force "+clone+" HEAD") + " there."
}

// logsDeleted says what came of deleting logs of Actions.
func logsDeleted(l respond.Logs) string {
	var said []string
	if l.Deleted > 0 {
		said = append(said, "Deleted the logs of "+format.Count(l.Deleted, "run", "runs")+".")
	}
	if l.Gone > 0 {
		said = append(said, "The logs of "+format.Count(l.Gone, "run", "runs")+" were gone already.")
	}
	if l.Failed > 0 {
		said = append(said, "GitHub refused to delete the logs of "+format.Count(l.Failed, "run", "runs")+": open the run, and choose **Delete all logs** in the **…** menu.")
	}
	if l.Archived {
		said = append(said, "The repository is archived, so no logs can be deleted: unarchive it, and comment `/rekey delete-logs` again.")
	}
	if len(l.Refused) > 0 {
		said = append(said, refusedLogs(l.Refused))
	}
	if len(said) == 0 {
		return "rekey knows of no log of GitHub Actions that still shows this key."
	}
	return strings.Join(said, " ")
}

// publicLogsDeleted is [logsDeleted] where strangers read it: it leads nobody to what is left.
func publicLogsDeleted(l respond.Logs) string {
	s := "Nothing was deleted."
	if l.Deleted > 0 {
		s = "Deleted the logs of " + format.Count(l.Deleted, "run", "runs") + "."
	}
	return s + " What may be left isn't listed here, because the repository is public. To delete logs, rekey needs the permission **Actions: write**."
}

// maxRuns is how many runs a comment links to.
const maxRuns = 10

func refusedLogs(pages []string) string {
	var b strings.Builder
	b.WriteString("**The logs of " + format.Count(len(pages), "run", "runs") + " are still there:** the App lacks the permission **Actions: write**. " +
		"Add it in the App's settings under **Permissions & events**, and accept it in the organization's settings under **GitHub Apps**. Then comment `/rekey delete-logs` again. " +
		"Or delete them by hand: open the run, and choose **Delete all logs** in the **…** menu.")
	for i, page := range pages {
		if page == "" {
			continue
		}
		if i == maxRuns {
			fmt.Fprintf(&b, "\n- and %d more", len(pages)-i)
			break
		}
		if i == 0 {
			b.WriteString("\n")
		}
		run, _, _ := strings.Cut(page, "/job/")
		b.WriteString("\n- " + markdown.Link("run "+runNumber(run), run))
	}
	return b.String()
}

// runNumber is the end of a run's address, which is its number.
func runNumber(page string) string {
	number := page[strings.LastIndexByte(page, '/')+1:]
	if _, err := strconv.ParseInt(number, 10, 64); err != nil {
		return "of GitHub Actions"
	}
	return number
}
