package graphql

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Request is the body of a request.
type Request struct {
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
	OperationName string         `json:"operationName"`
}

// Object is a value with fields: scalars, an Object, a list of them, nil, or a [Resolver]. It may have more than the schema gives its
// type, which nobody can ask for.
type Object struct {
	Type   string // a type of the schema that is no interface
	Fields map[string]any
}

// Resolver finds a field's value when it is asked for.
type Resolver func(args Args) (any, error)

// Args are a field's arguments, or an input of one, as they fit the schema: what reads one that the schema has not gives nothing.
type Args map[string]any

// Text is a text or an id; "" where none was given.
func (a Args) Text(name string) string {
	text, _ := a[name].(string)
	return text
}

// Texts is a list of them.
func (a Args) Texts(name string) []string {
	list, _ := a[name].([]any)
	var texts []string
	for _, one := range list {
		if text, is := one.(string); is {
			texts = append(texts, text)
		}
	}
	return texts
}

// Int is a number; 0 where none was given.
func (a Args) Int(name string) int {
	n, _ := a[name].(int64)
	return int(n)
}

// Input is an input object.
func (a Args) Input(name string) Args {
	input, _ := a[name].(map[string]any)
	return input
}

// FieldError is a field's error in GitHub's form; the field becomes null.
type FieldError struct {
	Type    string // NOT_FOUND, FORBIDDEN …
	Message string
}

func (f FieldError) Error() string { return f.Message }

// Answer answers a request from the roots of queries and mutations. The error is not the answer's: a value does not fit the schema.
func (s *Schema) Answer(r Request, roots map[ast.Operation]Object) (map[string]any, error) {
	operation, variables, errs := s.prepare(r)
	if len(errs) > 0 {
		return map[string]any{"errors": refusals(errs)}, nil
	}
	e := &execution{schema: s, variables: variables}
	data, _ := e.object(operation.SelectionSet, roots[operation.Operation], nil)
	answer := map[string]any{"data": data}
	if len(e.faults) > 0 {
		answer["errors"] = e.faults
	}
	return answer, errors.Join(e.misfits...)
}

// refusals are the errors of a request that was not executed.
func refusals(errs gqlerror.List) []map[string]any {
	list := []map[string]any{}
	for _, err := range errs {
		one := map[string]any{"message": err.Message, "extensions": map[string]any{"code": err.Rule}}
		var at []map[string]any
		for _, l := range err.Locations {
			at = append(at, map[string]any{"line": l.Line, "column": l.Column})
		}
		one["locations"] = at
		list = append(list, one)
	}
	return list
}

// execution is one request while it is answered.
type execution struct {
	schema    *Schema
	variables map[string]any
	faults    []map[string]any
	misfits   []error
}

// object answers a selection; false: a field that can't be null has no value, and so this object has none.
func (e *execution) object(set ast.SelectionSet, o Object, path []any) (any, bool) {
	answer := map[string]any{}
	for _, field := range e.fields(set, o.Type) {
		at := append(slices.Clone(path), field.Alias)
		if field.Name == "__typename" {
			answer[field.Alias] = o.Type
			continue
		}
		value, ok := e.field(field, o, at)
		if !ok && field.Definition.Type.NonNull {
			return nil, false
		}
		answer[field.Alias] = value
	}
	return answer, true
}

// fields lists what a selection asks of an object of that type, fragments included.
func (e *execution) fields(set ast.SelectionSet, of string) []*ast.Field {
	var list []*ast.Field
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			list = append(list, selection)
		case *ast.InlineFragment:
			if e.schema.is(of, selection.TypeCondition) {
				list = append(list, e.fields(selection.SelectionSet, of)...)
			}
		case *ast.FragmentSpread:
			if e.schema.is(of, selection.Definition.TypeCondition) {
				list = append(list, e.fields(selection.Definition.SelectionSet, of)...)
			}
		}
	}
	return list
}

func (e *execution) field(f *ast.Field, o Object, path []any) (any, bool) {
	value, there := o.Fields[f.Name]
	if !there {
		e.misfit(path, "%s has no value for %s", o.Type, f.Name)
		return nil, false
	}
	if resolve, isResolver := value.(Resolver); isResolver {
		var err error
		if value, err = resolve(f.ArgumentMap(e.variables)); err != nil {
			e.fault(f, path, err)
			return nil, false
		}
	}
	return e.complete(f, f.Definition.Type, value, path)
}

// fault notes the error of a field, which becomes null for it.
func (e *execution) fault(f *ast.Field, path []any, err error) {
	fault, isFault := errors.AsType[FieldError](err)
	if !isFault {
		e.misfit(path, "%v", err)
		return
	}
	e.faults = append(e.faults, map[string]any{
		"type": fault.Type, "path": path, "message": fault.Message,
		"locations": []map[string]any{{"line": f.Position.Line, "column": f.Position.Column}},
	})
}

// complete brings a value into the form of its type.
func (e *execution) complete(f *ast.Field, of *ast.Type, value any, path []any) (any, bool) {
	switch value := value.(type) {
	case nil:
		if of.NonNull {
			e.misfit(path, "null for %s", of)
		}
		return nil, !of.NonNull
	case error:
		e.fault(f, path, value)
		return nil, !of.NonNull
	case []any:
		if of.Elem == nil {
			e.misfit(path, "a list for %s", of)
			return nil, false
		}
		list := []any{}
		for i, one := range value {
			done, ok := e.complete(f, of.Elem, one, append(slices.Clone(path), i))
			if !ok && of.Elem.NonNull {
				return nil, false
			}
			list = append(list, done)
		}
		return list, true
	case Object:
		if of.Elem != nil || !e.schema.is(value.Type, of.Name()) {
			e.misfit(path, "a %s for %s", value.Type, of)
			return nil, false
		}
		return e.object(f.SelectionSet, value, path)
	}
	if of.Elem != nil || !e.schema.scalar(of.Name(), value) {
		e.misfit(path, "%T for %s", value, of)
		return nil, false
	}
	return value, true
}

func (e *execution) misfit(path []any, format string, args ...any) {
	e.misfits = append(e.misfits, fmt.Errorf("%v: %s", path, fmt.Sprintf(format, args...)))
}
