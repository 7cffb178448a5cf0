package audit

import "slices"

// setsRequestAuth reports whether a package gives Express handlers that put what they know of a request's sender into req.auth.
func setsRequestAuth(name string) bool {
	return slices.Contains([]string{"express-jwt", "express-oauth2-jwt-bearer", "express-basic-auth"}, name)
}
