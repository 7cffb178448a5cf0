package clerktest

import (
	"encoding/json"
	"net/http"
)

// failure is an error in Clerk's form.
type failure struct {
	status        int
	code, message string
}

func (f *failure) write(w http.ResponseWriter) { fail(w, f.status, f.code, f.message) }

var (
	errFormat = &failure{
		http.StatusUnauthorized, "authorization_header_format_invalid", "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
	}
	errKey = &failure{
		http.StatusUnauthorized, "clerk_key_invalid", "The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.",
	}
	errNotFound = &failure{http.StatusNotFound, "resource_not_found", "Not found"}
	errRights   = &failure{http.StatusForbidden, "authorization_invalid", "You are not authorized to perform this request"}
)

func invalid(status int, message string) *failure {
	return &failure{status, "form_param_invalid", message}
}

func fail(w http.ResponseWriter, status int, code, message string) {
	write(w, status, map[string]any{"errors": []map[string]string{{"code": code, "message": message, "long_message": message}}})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that went away is its own trouble
}

// decode reads a request's body, of which no field may be unknown.
func decode(r *http.Request, into any) *failure {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return &failure{http.StatusBadRequest, "request_body_invalid", "The request body is invalid"}
	}
	return nil
}
