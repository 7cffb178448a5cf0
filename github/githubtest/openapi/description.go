package openapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// described is GitHub's description of the endpoints that an App like rekey may use, compressed with gzip. The command
// `make descriptions` fetches it.
//
//go:embed testdata/api.github.com.json.gz
var described []byte

// GitHub returns GitHub's description of the endpoints in [Kept]. It is read once.
var GitHub = sync.OnceValues(func() (*Description, error) {
	r, err := gzip.NewReader(bytes.NewReader(described))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return Read(text)
})

// Description is GitHub's description of its REST API. It is safe for concurrent use.
//
// The whole of it takes seconds and 170 MB to resolve. So each path is resolved alone, with the components that it
// refers to, when it is first asked for.
type Description struct {
	openapi, info json.RawMessage
	paths         map[string]json.RawMessage
	components    map[string]map[string]json.RawMessage // by kind and name
	router        *router

	mu       sync.Mutex
	resolved map[string]*openapi3.T // by path
}

// Read reads a description of OpenAPI 3 in JSON.
func Read(text []byte) (*Description, error) {
	var raw struct {
		OpenAPI    json.RawMessage
		Info       json.RawMessage
		Paths      map[string]json.RawMessage
		Components map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("read OpenAPI description: %w", err)
	}
	if len(raw.Paths) == 0 {
		return nil, errors.New("read OpenAPI description: it describes no paths")
	}
	d := &Description{
		openapi: raw.OpenAPI, info: raw.Info, paths: raw.Paths, components: raw.Components,
		resolved: map[string]*openapi3.T{},
	}
	var err error
	d.router, err = newRouter(raw.Paths)
	return d, err
}

// GitHub's description of GET /app/installations wants an account to be a user and an enterprise at once, which none is.
// Elsewhere it says either.
const (
	bothAccounts  = `"account":{"nullable":true,"allOf":`
	eitherAccount = `"account":{"nullable":true,"anyOf":`
)

// resolve returns a document with this path alone.
func (d *Description) resolve(path string) (*openapi3.T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.resolved[path] == nil {
		needed := map[string]map[string]json.RawMessage{}
		if err := d.gather(d.paths[path], needed); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		text, err := d.document(map[string]json.RawMessage{path: d.paths[path]}, needed)
		if err != nil {
			return nil, err
		}
		text = bytes.ReplaceAll(text, []byte(bothAccounts), []byte(eitherAccount))
		document, err := openapi3.NewLoader().LoadFromData(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		d.resolved[path] = document
	}
	return d.resolved[path], nil
}

func (d *Description) document(paths map[string]json.RawMessage, components map[string]map[string]json.RawMessage) ([]byte, error) {
	return json.Marshal(map[string]any{"openapi": d.openapi, "info": d.info, "paths": paths, "components": components})
}

// gather adds to needed what the text refers to, and what that refers to.
func (d *Description) gather(text json.RawMessage, needed map[string]map[string]json.RawMessage) error {
	const marker = `"$ref":"#/components/`
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return err
	}
	rest := compact.String()
	for {
		_, after, found := strings.Cut(rest, marker)
		if !found {
			return nil
		}
		reference, tail, _ := strings.Cut(after, `"`)
		rest = tail
		kind, name, _ := strings.Cut(reference, "/")
		if needed[kind][name] != nil {
			continue
		}
		component := d.components[kind][name]
		if component == nil {
			return fmt.Errorf("there is no component %s", reference)
		}
		if needed[kind] == nil {
			needed[kind] = map[string]json.RawMessage{}
		}
		needed[kind][name] = component
		if err := d.gather(component, needed); err != nil {
			return err
		}
	}
}

// Exchange is a request and its answer. The path is the API's own (/repos/…), escaped as it was sent.
type Exchange struct {
	Request *http.Request // its body is Body
	Path    string
	Body    []byte
	Status  int
	Header  http.Header
	Answer  []byte
}

// Check returns what in the exchange breaks the description. A request that the server refused with 400, 404, 415 or 422
// is not checked itself: refusing it was right, or the fault is elsewhere.
func (d *Description) Check(e Exchange) []error {
	template, values := d.router.find(e.Request.Method, e.Path)
	if template == "" {
		return []error{e.error("no such endpoint is described; if GitHub has it, add it to openapi.Kept and run `make descriptions`")}
	}
	document, err := d.resolve(template)
	if err != nil {
		return []error{err}
	}
	item := document.Paths.Find(template)
	operation := item.GetOperation(e.Request.Method)
	request := e.Request.Clone(e.Request.Context())
	request.Body = io.NopCloser(bytes.NewReader(e.Body))
	request.ContentLength = int64(len(e.Body))
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: values,
		Route: &routers.Route{
			Spec: document, Path: template, PathItem: item, Method: request.Method, Operation: operation,
		},
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true, MultiError: true,
		},
	}
	var errs []error
	if !slices.Contains([]int{400, 404, 415, 422}, e.Status) {
		errs = append(errs, e.checkRequest(input, operation)...)
	}
	return append(errs, e.checkAnswer(input, operation)...)
}

func (e Exchange) checkRequest(input *openapi3filter.RequestValidationInput, operation *openapi3.Operation) []error {
	var errs []error
	if err := openapi3filter.ValidateRequest(input.Request.Context(), input); err != nil {
		errs = append(errs, e.error("request: %s", brief(err)))
	}
	for name := range e.Request.URL.Query() {
		if !declared(name, operation.Parameters) && !declared(name, input.Route.PathItem.Parameters) {
			errs = append(errs, e.error("request: there is no query parameter %q", name))
		}
	}
	if operation.RequestBody == nil || len(bytes.TrimSpace(e.Body)) == 0 {
		return errs
	}
	var body any
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return append(errs, e.error("request: %v", err))
	}
	if media := operation.RequestBody.Value.Content.Get("application/json"); media != nil {
		for _, path := range unknown(media.Schema, body, "") {
			errs = append(errs, e.error("request: there is no field %s", path))
		}
	}
	return errs
}

func declared(name string, parameters openapi3.Parameters) bool {
	return parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil
}

// checkAnswer holds the answer against its status. Of errors, statuses that the description leaves out are taken.
func (e Exchange) checkAnswer(input *openapi3filter.RequestValidationInput, operation *openapi3.Operation) []error {
	described := operation.Responses.Status(e.Status) != nil
	switch {
	case !described && e.Status/100 == 3 && e.Header.Get("Location") != "":
		return nil // any endpoint redirects after a repository's renaming
	case !described && e.Status == http.StatusNotModified && e.Request.Header.Get("If-None-Match") != "":
		return nil // any endpoint answers conditional requests
	case !described && e.Status < 400:
		return []error{e.error("answer: status %d is not described", e.Status)}
	case !described:
		var message struct{ Message string }
		if err := json.Unmarshal(e.Answer, &message); err != nil || message.Message == "" {
			return []error{e.error("answer: an error without a message: %.200q", e.Answer)}
		}
		return nil
	case !strings.HasPrefix(e.Header.Get("Content-Type"), "application/json"):
		return nil // no body, or a raw one
	}
	err := openapi3filter.ValidateResponse(input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.Status, Header: e.Header,
		Body: io.NopCloser(bytes.NewReader(e.Answer)), Options: input.Options,
	})
	if err != nil {
		return []error{e.error("answer %d: %s", e.Status, brief(err))}
	}
	return nil
}

func (e Exchange) error(format string, args ...any) error {
	return fmt.Errorf("%s %s: %s", e.Request.Method, e.Path, fmt.Sprintf(format, args...))
}

// brief leaves the schemas out of the validator's long messages.
func brief(err error) string {
	var lines []string
	skip := false
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "Schema:"):
			skip = true
		case strings.HasPrefix(strings.TrimSpace(line), "Value:"):
			skip = false
		}
		if !skip && strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	text := strings.Join(lines, " ")
	return text[:min(len(text), 2000)]
}

// unknown lists fields of a value that its schema does not name.
func unknown(schema *openapi3.SchemaRef, value any, path string) []string {
	var found []string
	switch value := value.(type) {
	case map[string]any:
		properties, open := fields(schema)
		for name, v := range value {
			switch sub := properties[name]; {
			case sub != nil:
				found = append(found, unknown(sub, v, path+"."+name)...)
			case !open:
				found = append(found, path+"."+name)
			}
		}
	case []any:
		if of := items(schema); of != nil {
			for i, v := range value {
				found = append(found, unknown(of, v, fmt.Sprintf("%s[%d]", path, i))...)
			}
		}
	}
	return found
}

// fields gathers the properties of a schema and of its alternatives. open means that there may be others.
func fields(schema *openapi3.SchemaRef) (properties map[string]*openapi3.SchemaRef, open bool) {
	properties = map[string]*openapi3.SchemaRef{}
	if schema == nil || schema.Value == nil {
		return properties, true
	}
	v := schema.Value
	maps.Copy(properties, v.Properties)
	open = v.AdditionalProperties.Schema != nil
	for _, one := range alternatives(v) {
		more, _ := fields(one)
		for name, p := range more {
			properties[name] = either(properties[name], p)
		}
	}
	return properties, open || len(properties) == 0
}

func alternatives(v *openapi3.Schema) openapi3.SchemaRefs {
	return slices.Concat(v.OneOf, v.AnyOf, v.AllOf)
}

// either is a schema that names what one or the other names. Either may be nil.
func either(a, b *openapi3.SchemaRef) *openapi3.SchemaRef {
	if a == nil || b == nil || a == b {
		return cmp.Or(a, b)
	}
	return &openapi3.SchemaRef{Value: &openapi3.Schema{AnyOf: openapi3.SchemaRefs{a, b}}}
}

// items is the schema of an array's items; nil for one that names none.
func items(schema *openapi3.SchemaRef) *openapi3.SchemaRef {
	if schema == nil || schema.Value == nil {
		return nil
	}
	of := schema.Value.Items
	for _, one := range alternatives(schema.Value) {
		of = either(of, items(one))
	}
	return of
}
