package text

import "time"

// CheckRun is the check run of a head commit, in words.
type CheckRun struct {
	Name, HeadSHA, ExternalID string
	Conclusion                Conclusion
	Title, Summary            string
	Annotations               []Annotation
	Buttons                   []Button // at most 3
	StartedAt, CompletedAt    time.Time
}

// Conclusion is a check run's outcome.
type Conclusion string

// The conclusions.
const (
	Success Conclusion = "success"
	Failure Conclusion = "failure"
	Neutral Conclusion = "neutral"
)

// Annotation marks lines of a file at the head commit.
type Annotation struct {
	Path                   string
	StartLine, EndLine     int
	StartColumn, EndColumn int // only where StartLine == EndLine; 0: none
	Level                  Level
	Title, Message         string
}

// Level is how loud an annotation is.
type Level string

// The levels.
const (
	LevelFailure Level = "failure"
	LevelWarning Level = "warning"
)

// Button is one of a check run's buttons; Identifier is what GitHub sends back when it is pressed.
type Button struct{ Label, Description, Identifier string }
