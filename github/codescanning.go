package github

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	gogithub "github.com/google/go-github/v62/github"
)

// maxSARIF is how many bytes a compressed SARIF log may have, by GitHub's description.
const maxSARIF = 10 << 20

// UploadSARIF shows a SARIF log's results in the Security tab, as those of a commit on a ref: they take the place of those of the last
// log with the same category there. GitHub reads it later, and answers with the id of the upload. It needs [CodeScanningAccess].
// [ErrNoCodeScanning]: the repository has no code scanning.
func (c *Client) UploadSARIF(ctx context.Context, commit, ref string, log []byte) (id string, err error) {
	const op = "upload SARIF"
	packed, err := packSARIF(log)
	if err == nil && !isSHA(commit) {
		err = &InvalidError{"commit", "it is not an object id"}
	}
	if err != nil {
		return "", &Error{Op: op, About: c.calls.about, Err: err}
	}
	body := map[string]string{"commit_sha": commit, "ref": ref, "sarif": packed, "tool_name": "rekey"}
	var receipt struct {
		ID string `json:"id"`
	}
	err = c.do(ctx, op, writeCheck, func(ctx context.Context, rest *gogithub.Client) error { // it notifies nobody, as check runs do
		request, err := rest.NewRequest(http.MethodPost, c.path("/code-scanning/sarifs"), body)
		if err != nil {
			return err
		}
		_, err = rest.Do(ctx, request, &receipt)
		if accepted, ok := errors.AsType[*gogithub.AcceptedError](err); ok { // go-github takes 202 for no answer yet
			err = json.Unmarshal(accepted.Raw, &receipt)
		}
		return err
	})
	return receipt.ID, err
}

func packSARIF(log []byte) (string, error) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(log); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	if packed.Len() > maxSARIF {
		return "", &InvalidError{"SARIF log", fmt.Sprintf("compressed it has %d bytes, GitHub takes %d", packed.Len(), maxSARIF)}
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes()), nil
}
