package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
)

// The reasons for which [Decode] gives no event.
var (
	// ErrUnknownEvent is returned for events that rekey does not act on. They are answered like others.
	ErrUnknownEvent = errors.New("webhook: event not used")
	// ErrMalformed is returned for what is not JSON, or lacks what its event must hold.
	ErrMalformed = errors.New("webhook: malformed payload")
	// ErrSHA256 is returned for events of repositories with SHA-256 object ids.
	ErrSHA256 = errors.New("webhook: SHA-256 repositories are not supported")
)

// Decode reads the body of the event that X-GitHub-Event names. Events that rekey does not use give [ErrUnknownEvent],
// what cannot be read [ErrMalformed], object ids of 64 digits [ErrSHA256]; errors may wrap these, and hold nothing of
// the body's texts.
//
// Only the fields of this package's structs are looked at, since others change their type between events.
func Decode(event string, body []byte) (Event, error) {
	decode, ok := decoderOf(event)
	if !ok {
		return nil, ErrUnknownEvent
	}
	decoded, err := decode(body)
	if err != nil {
		return nil, fmt.Errorf("%s event: %w", event, err)
	}
	return decoded, nil
}

// Known reports whether [Decode] knows the event.
func Known(event string) bool {
	_, ok := decoderOf(event)
	return ok
}

func decoderOf(event string) (func([]byte) (Event, error), bool) {
	switch event {
	case "push":
		return read[pushPayload], true
	case "pull_request":
		return read[pullRequestPayload], true
	case "merge_group":
		return read[mergeGroupPayload], true
	case "check_run":
		return read[checkRunPayload], true
	case "check_suite":
		return read[checkSuitePayload], true
	case "installation":
		return read[installationPayload], true
	case "installation_repositories":
		return read[installationRepositoriesPayload], true
	case "installation_target":
		return read[installationTargetPayload], true
	case "github_app_authorization":
		return read[authorizationPayload], true
	case "repository":
		return read[repositoryPayload], true
	case "issues":
		return read[issuesPayload], true
	case "issue_comment":
		return read[issueCommentPayload], true
	case "pull_request_review":
		return read[reviewPayload], true
	case "pull_request_review_comment":
		return read[reviewCommentPayload], true
	case "commit_comment":
		return read[commitCommentPayload], true
	case "discussion":
		return read[discussionPayload], true
	case "discussion_comment":
		return read[discussionCommentPayload], true
	case "release":
		return read[releasePayload], true
	case "gollum":
		return read[gollumPayload], true
	case "workflow_run":
		return read[workflowRunPayload], true
	case "secret_scanning_alert", "secret_scanning_alert_location":
		return read[secretScanningPayload], true
	case "ping":
		return read[pingPayload], true
	}
	return nil, false
}

// payload is an event as GitHub writes it. It becomes the event, and notes in the checks what is wrong with it.
type payload interface{ event(c *checks) Event }

func read[P payload](body []byte) (Event, error) {
	var p P
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMalformed, whatIsWrong(err))
	}
	var c checks
	event := p.event(&c)
	if c.err != nil {
		return nil, c.err
	}
	return event, nil
}

// whatIsWrong names place and type, and leaves out the values that encoding/json's own messages hold.
func whatIsWrong(err error) string {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s is of another type than %s", wrongType.Field, wrongType.Type)
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("not JSON at byte %d", syntax.Offset)
	}
	return "not JSON"
}

// checks keeps the first thing that is wrong with a payload.
type checks struct{ err error }

func (c *checks) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// sha demands an object id in field.
func (c *checks) sha(field, id string) string {
	if id == "" {
		c.fail(fmt.Errorf("%w: %s is missing", ErrMalformed, field))
		return ""
	}
	return c.optionalSHA(field, id)
}

func (c *checks) optionalSHA(field, id string) string {
	switch {
	case id == "":
	case !isHex(id):
		c.fail(fmt.Errorf("%w: %s is not an object id", ErrMalformed, field))
	case len(id) == 64:
		c.fail(fmt.Errorf("%w: %s has 64 digits", ErrSHA256, field))
	case len(id) != len(ZeroSHA):
		c.fail(fmt.Errorf("%w: %s has %d digits instead of %d", ErrMalformed, field, len(id), len(ZeroSHA)))
	}
	return id
}

func (c *checks) present(field string, there bool) {
	if !there {
		c.fail(fmt.Errorf("%w: %s is missing", ErrMalformed, field))
	}
}

// isObjectID reports whether it is an id as git writes those of SHA-1 repositories.
func isObjectID(id string) bool { return len(id) == len(ZeroSHA) && isHex(id) }

func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
