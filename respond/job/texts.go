package job

import (
	"strconv"

	"github.com/riverqueue/river"
)

// Texts looks whether the texts on GitHub that hold a leak are still there, and their earlier versions.
type Texts struct {
	Leak int64 `json:"leak"`
	// Now is set where somebody waits for it; the others come by and by.
	Now bool `json:"now,omitempty"`
}

// Kind implements river.JobArgs.
func (Texts) Kind() string { return "texts" }

// Key implements [Singleton].
func (t Texts) Key() string {
	if t.Now {
		return strconv.FormatInt(t.Leak, 10) + " now"
	}
	return strconv.FormatInt(t.Leak, 10)
}

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Texts) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// Mask takes keys out of a text on GitHub, where the policy says so.
type Mask struct {
	Repository int64  `json:"repository"`
	NodeID     string `json:"node_id"` // of the text
}

// Kind implements river.JobArgs.
func (Mask) Kind() string { return "mask" }

// Key implements [Singleton].
func (m Mask) Key() string { return strconv.FormatInt(m.Repository, 10) + " " + m.NodeID }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (Mask) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// DeleteTexts deletes the comments that hold a leak, and says what came of it.
type DeleteTexts struct {
	Leak    int64  `json:"leak"`
	Command string `json:"command"` // which command it was: what it asks for is done once
	By      string `json:"by"`      // login
}

// Kind implements river.JobArgs.
func (DeleteTexts) Kind() string { return "delete_texts" }

// InsertOpts implements river.JobArgsWithInsertOpts.
func (DeleteTexts) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueRespond, MaxAttempts: RespondAttempts}
}

// TextHistory reads the texts that a repository had before rekey came, some pages at a time, after everything else.
type TextHistory struct {
	Installation int64 `json:"installation"`
	Repository   int64 `json:"repository"`
}

// Kind implements river.JobArgs.
func (TextHistory) Kind() string { return "text_history" }

// Key implements [Singleton].
func (t TextHistory) Key() string { return strconv.FormatInt(t.Repository, 10) }

// InsertOpts implements river.JobArgsWithInsertOpts. Its priority is River's last.
func (TextHistory) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: QueueBackfill, MaxAttempts: BackfillAttempts, Priority: 4}
}
