package aws

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/detect"
)

// held is a secret or a parameter as it is.
type held struct {
	kind         kind
	region, name string
	value        string // "" for one that is binary
	updated      time.Time
}

// read reads one, by its name or ARN. A secret is read as it is now, and not as it was before.
func (d *Driver) read(ctx context.Context, k kind, region, id string) (held, error) {
	if k == ofSecrets {
		var got struct {
			ARN          string          `json:"ARN"`
			Name         string          `json:"Name"`
			SecretString string          `json:"SecretString"`
			CreatedDate  json.RawMessage `json:"CreatedDate"`
		}
		err := d.aws(ctx, region, &got, "secretsmanager", "get-secret-value", "--secret-id", id)
		return held{k, regionOf(got.ARN, region), got.Name, got.SecretString, date(got.CreatedDate)}, err
	}
	var got struct {
		Parameter struct {
			ARN              string          `json:"ARN"`
			Name             string          `json:"Name"`
			Value            string          `json:"Value"`
			LastModifiedDate json.RawMessage `json:"LastModifiedDate"`
		} `json:"Parameter"`
	}
	err := d.aws(ctx, region, &got, "ssm", "get-parameter", "--name", id, "--with-decryption")
	if alone := strings.TrimPrefix(id, "/"); notFound(err) && alone != id && !strings.Contains(alone, "/") { // an ARN does not say whether there is a slash
		err = d.aws(ctx, region, &got, "ssm", "get-parameter", "--name", alone, "--with-decryption")
	}
	p := got.Parameter
	return held{k, regionOf(p.ARN, region), p.Name, p.Value, date(p.LastModifiedDate)}, err
}

func regionOf(arn, otherwise string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[3]
	}
	return otherwise
}

// date reads a time as the second version of the program writes it. The first writes seconds.
func date(raw json.RawMessage) time.Time {
	var t time.Time
	if json.Unmarshal(raw, &t) == nil {
		return t
	}
	var seconds float64
	if json.Unmarshal(raw, &seconds) == nil {
		return time.Unix(int64(seconds), 0)
	}
	return time.Time{}
}

// called lists what is called after Clerk, in the login's own region.
func (d *Driver) called(ctx context.Context) (refs []reference, err error) {
	var secrets struct {
		SecretList []struct {
			Name string `json:"Name"`
		} `json:"SecretList"`
	}
	err = d.aws(ctx, "", &secrets, "secretsmanager", "list-secrets", "--filters", "Key=all,Values=clerk")
	for _, s := range secrets.SecretList {
		if strings.Contains(strings.ToLower(s.Name), "clerk") {
			refs = append(refs, reference{kind: ofSecrets, id: s.Name})
		}
	}
	if err != nil {
		return nil, err
	}
	var parameters described
	err = d.aws(ctx, "", &parameters, "ssm", "describe-parameters", "--parameter-filters", "Key=Name,Option=Contains,Values=clerk,Clerk,CLERK")
	for _, p := range parameters.Parameters {
		refs = append(refs, reference{kind: ofParameters, id: p.Name})
	}
	return refs[:min(len(refs), maxReferences)], err
}

// described is what there is to know of parameters beside their values.
type described struct {
	Parameters []parameter `json:"Parameters"`
}

type parameter struct {
	Name           string `json:"Name"`
	Type           string `json:"Type"`
	KeyID          string `json:"KeyId"`
	Tier           string `json:"Tier"`
	DataType       string `json:"DataType"`
	Description    string `json:"Description"`
	AllowedPattern string `json:"AllowedPattern"`
	Policies       []struct {
		PolicyText string `json:"PolicyText"`
	} `json:"Policies"`
}

var (
	errMember   = errors.New("it is no JSON with that member any more: see what it is now")
	errIsBinary = errors.New("it is binary: set the new value there yourself")
	errNoName   = errors.New("there is no such parameter any more")
)

// set writes a value: the whole, or one member of an object.
func (d *Driver) set(ctx context.Context, at id, value detect.Secret) error {
	whole := value.Reveal()
	now, err := d.read(ctx, at.kind, at.region, at.name)
	switch {
	case err != nil && (at.member != "" || !says(err, "AccessDenied")): // who may write need not be one who may read
		return err
	case at.member != "":
		if whole, err = replaced(now.value, at.member, whole); err != nil {
			return err
		}
	case err == nil && now.value == "":
		return errIsBinary
	}
	if err == nil && now.value == whole { // written again, it would push out the one before it
		return nil
	}
	if at.kind == ofSecrets {
		return d.send(ctx, at.region, map[string]any{"SecretId": at.name, "SecretString": whole}, value, "secretsmanager", "put-secret-value")
	}
	var all described
	if err := d.aws(ctx, at.region, &all, "ssm", "describe-parameters", "--parameter-filters", "Key=Name,Values="+at.name); err != nil {
		return err
	}
	i := slices.IndexFunc(all.Parameters, func(p parameter) bool { return p.Name == at.name })
	if i < 0 {
		return errNoName
	}
	return d.send(ctx, at.region, kept(all.Parameters[i], whole), value, "ssm", "put-parameter")
}

// kept is the request that changes a parameter's value and nothing else: what a request leaves out falls back to what is usual, as the key that it is
// encrypted with does.
func kept(p parameter, value string) map[string]any {
	request := map[string]any{"Name": p.Name, "Value": value, "Overwrite": true}
	for key, is := range map[string]string{
		"Type": p.Type, "Tier": p.Tier, "DataType": p.DataType, "Description": p.Description, "AllowedPattern": p.AllowedPattern, "KeyId": p.KeyID,
	} {
		if is != "" {
			request[key] = is
		}
	}
	var policies []string
	for _, policy := range p.Policies {
		policies = append(policies, policy.PolicyText)
	}
	if len(policies) > 0 {
		request["Policies"] = "[" + strings.Join(policies, ",") + "]"
	}
	return request
}

// member returns a member of an object, false where the text is none, or has none of that name that is a string.
func member(text, name string) (gjson.Result, bool) {
	if !gjson.Valid(text) || !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return gjson.Result{}, false
	}
	m := gjson.Get(text, gjson.Escape(name))
	return m, m.Type == gjson.String && m.Index > 0
}

// replaced changes one member of an object, and leaves every other byte.
func replaced(text, name, value string) (string, error) {
	m, ok := member(text, name)
	if !ok {
		return "", errMember
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		return "", errors.New("the value can't be written as JSON")
	}
	return text[:m.Index] + string(quoted) + text[m.Index+len(m.Raw):], nil
}
