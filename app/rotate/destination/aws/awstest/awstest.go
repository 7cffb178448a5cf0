// Package awstest stands in for the AWS CLI, with an account that has secrets and parameters in one region.
package awstest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
)

// Config is the file below the home directory without which nobody is logged in, and Region the one that has everything.
const (
	Config = ".aws/config"
	Region = "eu-west-1"
)

// Binary is the value of a secret that is no text.
const Binary = "(binary)"

// Parameter is one of Parameter Store, with what a request that leaves it out would lose.
type Parameter struct {
	Value, Type, KeyID, Tier, Description, AllowedPattern string
	Policies                                              string // JSON
}

// Memory is what the account has.
type Memory struct {
	Account    string
	Secrets    map[string]string
	Parameters map[string]Parameter
	Now        time.Time
	Trouble    destinationtest.Trouble
}

func failed(code, operation, message string) error {
	return destinationtest.Complaint(fmt.Sprintf("\nAn error occurred (%s) when calling the %s operation: %s", code, operation, message))
}

// Program is aws.
func Program(p *destinationtest.Process) int {
	return destinationtest.Serve(p, "", 254, run)
}

func run(p *destinationtest.Process, m *Memory) error {
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), Config)); err != nil && os.Getenv("AWS_ACCESS_KEY_ID") == "" {
		return destinationtest.Complaint("\nUnable to locate credentials. You can configure credentials by running \"aws configure\".")
	}
	command := strings.Join(p.Args[:min(2, len(p.Args))], " ")
	switch m.Trouble {
	case destinationtest.Expired:
		return failed("ExpiredTokenException", "GetCallerIdentity", "The security token included in the request is expired")
	case destinationtest.Down:
		return destinationtest.Complaint("\nCould not connect to the endpoint URL: \"https://sts.eu-west-1.amazonaws.com/\"")
	}
	switch {
	case command == "sts get-caller-identity":
		return answer(p, map[string]string{"Account": m.Account, "Arn": "arn:aws:iam::" + m.Account + ":user/ada", "UserId": "AIDA"})
	case p.Flag("--region") != "" && p.Flag("--region") != Region: // nothing is there
		return failed("ResourceNotFoundException", "GetSecretValue", "Secrets Manager can't find the specified secret.")
	}
	switch command {
	case "secretsmanager list-secrets":
		return listSecrets(p, m)
	case "secretsmanager get-secret-value":
		return getSecret(p, m)
	case "ssm describe-parameters":
		return describe(p, m)
	case "ssm get-parameter":
		return getParameter(p, m)
	case "secretsmanager put-secret-value", "ssm put-parameter":
		return put(p, m, command)
	}
	return destinationtest.Complaint("\naws: error: argument command: Invalid choice: " + command)
}

func answer(p *destinationtest.Process, v any) error {
	return json.NewEncoder(p.Out).Encode(v) //nolint:wrapcheck // a program's end
}

func (m *Memory) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + Region + ":" + m.Account + ":" + rest
}

// listSecrets finds words, whatever their case.
func listSecrets(p *destinationtest.Process, m *Memory) error {
	word, ok := strings.CutPrefix(p.Flag("--filters"), "Key=all,Values=")
	if !ok {
		return destinationtest.Complaint("\naws: error: a list of everything")
	}
	list := []map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(m.Secrets)) {
		if strings.Contains(strings.ToLower(name), word) {
			list = append(list, map[string]string{"Name": name, "ARN": m.arn("secretsmanager", "secret:"+name+"-AbCdEf")})
		}
	}
	return answer(p, map[string]any{"SecretList": list})
}

func getSecret(p *destinationtest.Process, m *Memory) error {
	name := p.Flag("--secret-id")
	if _, after, ok := strings.Cut(name, ":secret:"); ok {
		name = strings.TrimSuffix(after, "-AbCdEf")
	}
	value, ok := m.Secrets[name]
	if !ok {
		return failed("ResourceNotFoundException", "GetSecretValue", "Secrets Manager can't find the specified secret.")
	}
	if value == Binary {
		return answer(p, map[string]any{"ARN": m.arn("secretsmanager", "secret:"+name+"-AbCdEf"), "Name": name, "SecretBinary": "AAECAw==", "CreatedDate": m.Now})
	}
	return answer(p, map[string]any{
		"ARN": m.arn("secretsmanager", "secret:"+name+"-AbCdEf"), "Name": name, "SecretString": value, "VersionStages": []string{"AWSCURRENT"}, "CreatedDate": m.Now,
	})
}

// describe finds names that contain one of the words, with regard to their case, or the one of that name.
func describe(p *destinationtest.Process, m *Memory) error {
	filter := p.Flag("--parameter-filters")
	words, contains := strings.CutPrefix(filter, "Key=Name,Option=Contains,Values=")
	exact, equals := strings.CutPrefix(filter, "Key=Name,Values=")
	if !contains && !equals {
		return destinationtest.Complaint("\naws: error: a list of everything")
	}
	list := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(m.Parameters)) {
		one := m.Parameters[name]
		hit := slices.ContainsFunc(strings.Split(words, ","), func(w string) bool { return strings.Contains(name, w) })
		if contains && !hit || equals && name != exact {
			continue
		}
		entry := map[string]any{"Name": name, "Type": one.Type, "Tier": one.Tier, "DataType": "text", "KeyId": one.KeyID, "Description": one.Description, "AllowedPattern": one.AllowedPattern}
		var policies []json.RawMessage
		if json.Unmarshal([]byte(one.Policies), &policies) == nil {
			var texts []map[string]string
			for _, policy := range policies {
				texts = append(texts, map[string]string{"PolicyText": string(policy), "PolicyType": "Expiration"})
			}
			entry["Policies"] = texts
		}
		list = append(list, entry)
	}
	return answer(p, map[string]any{"Parameters": list})
}

func getParameter(p *destinationtest.Process, m *Memory) error {
	one, ok := m.Parameters[p.Flag("--name")]
	if !ok {
		return failed("ParameterNotFound", "GetParameter", "")
	}
	if one.Type == "SecureString" && !slices.Contains(p.Args, "--with-decryption") {
		one.Value = "AQICAHh"
	}
	return answer(p, map[string]any{"Parameter": map[string]any{
		"Name": p.Flag("--name"), "Type": one.Type, "Value": one.Value, "LastModifiedDate": m.Now, "ARN": m.arn("ssm", "parameter/"+strings.TrimPrefix(p.Flag("--name"), "/")),
	}})
}

func put(p *destinationtest.Process, m *Memory, command string) error {
	if p.Flag("--cli-input-json") != "file:///dev/stdin" {
		return destinationtest.Complaint("\naws: error: the following arguments are required: --cli-input-json")
	}
	trouble := m.Trouble
	switch trouble {
	case destinationtest.Forbidden:
		return failed("AccessDeniedException", "PutSecretValue", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: secretsmanager:PutSecretValue")
	case destinationtest.Limited:
		m.Trouble = destinationtest.None
		return failed("ThrottlingException", "PutSecretValue", "Rate exceeded")
	}
	if slices.ContainsFunc(p.Input, func(b byte) bool { return b >= 0x80 }) {
		return destinationtest.Complaint("\nError parsing parameter 'cli-input-json': 'ascii' codec can't decode byte") // as in a locale without UTF-8
	}
	var in struct {
		SecretID     string `json:"SecretId"`
		SecretString string
		Name         string
		Overwrite    bool
		Parameter
	}
	if json.Unmarshal(p.Input, &in) != nil {
		return destinationtest.Complaint("\nError parsing parameter 'cli-input-json': Invalid JSON received.")
	}
	if command == "secretsmanager put-secret-value" {
		if _, ok := m.Secrets[in.SecretID]; !ok {
			return failed("ResourceNotFoundException", "PutSecretValue", "Secrets Manager can't find the specified secret.")
		}
		m.Secrets[in.SecretID] = in.SecretString
	} else {
		if _, ok := m.Parameters[in.Name]; ok && !in.Overwrite {
			return failed("ParameterAlreadyExists", "PutParameter", "The parameter already exists.")
		}
		one := in.Parameter
		if one.Type == "SecureString" {
			one.KeyID = cmp.Or(one.KeyID, "alias/aws/ssm")
		}
		one.Tier = cmp.Or(one.Tier, "Standard")
		m.Parameters[in.Name] = one
	}
	if trouble == destinationtest.Lost {
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("\nConnection was closed before we received a valid response from endpoint URL")
	}
	return nil
}
