package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// logins are the variables that the program takes a login from.
var logins = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
	"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_ENDPOINT_URL",
}

// standardInput is where the program reads a request from. It opens it as a file, which there is none of on Windows.
const standardInput = "file:///dev/stdin"

// aws runs the program and reads its JSON into out, which may be nil.
func (d *Driver) aws(ctx context.Context, region string, out any, args ...string) error {
	return d.call(ctx, region, destination.Call{Args: args}, out)
}

// send runs the program with a request that holds a value, over standard input.
func (d *Driver) send(ctx context.Context, region string, request map[string]any, value detect.Secret, args ...string) error {
	body, err := json.Marshal(request)
	if err != nil {
		return errors.New("the request can't be written as JSON")
	}
	return d.call(ctx, region, destination.Call{Args: append(args, "--cli-input-json", standardInput), Input: ascii(body), Secret: value}, nil)
}

func (d *Driver) call(ctx context.Context, region string, c destination.Call, out any) error {
	c.Program, c.Pass = "aws", logins
	c.Args = append(c.Args, "--output", "json")
	if region != "" {
		c.Args = append(c.Args, "--region", region)
	}
	text, err := d.tools.Twice(ctx, c)
	if err != nil || out == nil {
		return err //nolint:wrapcheck // callers say what it was for
	}
	if json.Unmarshal(text, out) != nil {
		return fmt.Errorf("aws %s %s: its answer is not JSON", c.Args[0], c.Args[1])
	}
	return nil
}

// ascii writes JSON without characters that the program would read by the machine's locale.
func ascii(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		switch {
		case r < 0x80:
			out = append(out, byte(r))
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return out
}

// identity is whose login it is.
type identity struct {
	Account string `json:"Account"`
	ARN     string `json:"Arn"`
}

func (d *Driver) identity(ctx context.Context) (identity, error) {
	if d.who.Account != "" {
		return d.who, nil
	}
	err := d.aws(ctx, "", &d.who, "sts", "get-caller-identity")
	return d.who, err
}

// says reports whether the program failed with one of these words.
func says(err error, words ...string) bool {
	var failed *destination.ToolError
	if !errors.As(err, &failed) {
		return false
	}
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(failed.Said, w) })
}

func notFound(err error) bool { return says(err, "ResourceNotFoundException", "ParameterNotFound") }

func loggedOut(err error) bool {
	return says(err, "Unable to locate credentials", "ExpiredToken", "expired", "InvalidClientTokenId", "UnrecognizedClient", "SSO", "sso", "could not be found")
}

// next is what a person does about an error.
func next(err error) string {
	switch {
	case errors.Is(err, destination.ErrNotInstalled):
		return "install the AWS CLI (https://aws.amazon.com/cli), and log in with aws configure or aws sso login"
	case loggedOut(err):
		return "log in with aws sso login or aws configure, set AWS_PROFILE if there are several accounts, and see aws sts get-caller-identity"
	case says(err, "You must specify a region"):
		return "set AWS_REGION to the region that it is in"
	case says(err, "AccessDenied", "not authorized", "KMS"):
		return "ask for the rights secretsmanager:GetSecretValue and PutSecretValue, ssm:GetParameter and PutParameter, and those to use its KMS key"
	}
	return "try aws sts get-caller-identity"
}

// on says of what an error is, and what to do.
func on(err error, doing string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w; %s", doing, err, next(err))
}
