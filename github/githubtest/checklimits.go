package githubtest

import (
	"net/http"
	"slices"
	"unicode/utf8"
)

// GitHub's limits of check runs.
const (
	maxAnnotations     = 50 // in one request
	maxOutput          = 65535
	maxTitle           = 255 // of annotations, and of the output
	maxAnnotationBytes = 64 << 10
	maxButtons         = 3
	maxButtonLabel     = 20
	maxButtonText      = 40
	maxButtonID        = 20
)

// check holds the request against the endpoint's rules, in GitHub's words where they are known.
func (req *checkRunRequest) check(creating bool) (answer, bool) {
	for _, rule := range []func(bool) (answer, bool){req.checkState, req.checkOutput, req.checkAnnotations, req.checkButtons} {
		if a, fits := rule(creating); !fits {
			return a, false
		}
	}
	return answer{}, true
}

func (req *checkRunRequest) checkState(creating bool) (answer, bool) {
	statuses := []string{"queued", "in_progress", "completed"}
	conclusions := []string{"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"}
	switch {
	case creating && deref(req.Name) == "":
		return unfit("\"name\" wasn't supplied."), false
	case creating && deref(req.HeadSHA) == "":
		return unfit("\"head_sha\" wasn't supplied."), false
	case req.Status != nil && !slices.Contains(statuses, *req.Status):
		return unfit("%s is not a member of %q.", *req.Status, statuses), false
	case req.Conclusion != nil && !slices.Contains(conclusions, *req.Conclusion):
		return unfit("%s is not a member of %q.", *req.Conclusion, conclusions), false
	case deref(req.Status) == "completed" && req.Conclusion == nil, req.CompletedAt != nil && req.Conclusion == nil:
		return unfit("No subschema in \"anyOf\" matched.\n\"conclusion\" wasn't supplied."), false
	case req.CompletedAt != nil && req.StartedAt != nil && req.CompletedAt.Before(*req.StartedAt):
		return invalid(fieldError("CheckRun", "completed_at", "invalid", "completed_at is before started_at")), false
	}
	return answer{}, true
}

func (req *checkRunRequest) checkOutput(creating bool) (answer, bool) {
	if req.Output == nil {
		return answer{}, true
	}
	o := req.Output
	if o.Summary == nil || creating && o.Title == nil {
		return unfit("\"title\" and \"summary\" weren't both supplied."), false
	}
	for _, text := range []*string{o.Summary, o.Text} {
		if n := utf8.RuneCountInString(deref(text)); n > maxOutput {
			return unfit("Only %d characters are allowed; %d were supplied.", maxOutput, n), false
		}
	}
	if n := utf8.RuneCountInString(deref(o.Title)); n > maxTitle {
		return unfit("Only %d characters are allowed; %d were supplied.", maxTitle, n), false
	}
	return answer{}, true
}

func (req *checkRunRequest) checkAnnotations(bool) (answer, bool) {
	if req.Output == nil {
		return answer{}, true
	}
	if n := len(req.Output.Annotations); n > maxAnnotations {
		return unfit("No more than %d items are allowed; %d were supplied.", maxAnnotations, n), false
	}
	for _, a := range req.Output.Annotations {
		wrong := func(field, message string) (answer, bool) {
			return invalid(fieldError("CheckAnnotation", field, "invalid", message)), false
		}
		switch {
		case deref(a.Path) == "", a.StartLine == nil, a.EndLine == nil, a.Level == nil, deref(a.Message) == "":
			return unfit("\"path\", \"start_line\", \"end_line\", \"annotation_level\" and \"message\" weren't all supplied."), false
		case (*a.Path)[0] == '/':
			return wrong("path", "path must be relative to the repository")
		case !slices.Contains([]string{"notice", "warning", "failure"}, *a.Level):
			return unfit("%s is not a member of [\"notice\", \"warning\", \"failure\"].", *a.Level), false
		case *a.StartLine < 1, *a.EndLine < *a.StartLine:
			return wrong("end_line", "lines start at 1, and end_line is not before start_line")
		case *a.StartLine != *a.EndLine && (a.StartColumn != nil || a.EndColumn != nil):
			return wrong("start_column", "start_column and end_column are allowed only when start_line and end_line are equal")
		case a.StartColumn != nil && *a.StartColumn < 1, a.EndColumn != nil && *a.EndColumn < deref(a.StartColumn):
			return wrong("end_column", "columns start at 1, and end_column is not before start_column")
		case utf8.RuneCountInString(deref(a.Title)) > maxTitle:
			return wrong("title", "title is too long (maximum is 255 characters)")
		case len(*a.Message) > maxAnnotationBytes, len(deref(a.RawDetails)) > maxAnnotationBytes:
			return wrong("message", "message and raw_details exceed a maximum bytesize of 65536")
		}
	}
	return answer{}, true
}

func (req *checkRunRequest) checkButtons(bool) (answer, bool) {
	if n := len(req.Actions); n > maxButtons {
		return unfit("No more than %d items are allowed; %d were supplied.", maxButtons, n), false
	}
	for _, b := range req.Actions {
		for _, f := range []struct {
			text string
			max  int
		}{{b.Label, maxButtonLabel}, {b.Description, maxButtonText}, {b.Identifier, maxButtonID}} {
			if f.text == "" {
				return unfit("\"label\", \"description\" and \"identifier\" weren't all supplied."), false
			}
			if n := utf8.RuneCountInString(f.text); n > f.max {
				return answer{status: http.StatusUnprocessableEntity, body: unfit("Only %d characters are allowed; %d were supplied.", f.max, n).body}, false
			}
		}
	}
	return answer{}, true
}
