// Package manage is what the owner of a Clerk application may do with it: see its applications and instances, rotate the keys of an
// instance, of a machine and of an OAuth application, and learn which instance a publishable key is of. It is for commands on the owner's
// own machine. The server never imports it (app/structure_test.go): whoever holds a login to the Platform API can read and rotate the keys
// of every application of a workspace.
//
// Start with [NewPlatform] for a Platform API key, [NewPlatformByCommand] for the login of the clerk command, and [NewBackend] for the
// secret key of an instance. Whether that key works, and of which instance it is, clerk.Client.Ask says.
//
// # Rotation
//
// [Platform.RotateSecretKeys] makes one new secret key and ends ALL others of the instance when the overlap is over; there is no undo, and
// nothing in any API lists, makes or ends a single key. A request whose answer was lost may have been done: the error is
// [ErrOutcomeUnknown], nothing here repeats it, and the caller reads back ([Platform.SecretKey], [Backend.MachineSecretKey]) before it does
// anything else. So it reads once before it rotates: another key than before is the new one. The same one says that nothing was rotated, as far
// as Clerk shows the latest key, which its description does not promise.
// The client secret of an OAuth application cannot be read back: only another rotation yields one that is known.
//
// A webhook's signing secret has no rotation in any API: the Backend API only makes a Svix application (POST /v1/webhooks/svix), removes it,
// and hands out an address of Svix's dashboard (POST /v1/webhooks/svix_url). A second endpoint in the dashboard is the way. A keyless
// application could be claimed by API (POST /v1/platform/accountless_applications/claim), but claiming it makes its workspace the owner: that
// is for a person to do in the dashboard.
//
// # The login of the clerk command
//
// As of its source of August 2026 (clerk/cli, packages/cli-core/src): `clerk auth login` keeps {accessToken, refreshToken, expiresAt,
// tokenType} in the system's keychain (service clerk-cli, account oauth-access-token), or where there is none in the file credentials, mode
// 0600, of $CLERK_CONFIG_DIR or else of its data directory (~/.local/share/clerk-cli, ~/Library/Application Support/clerk-cli,
// %LOCALAPPDATA%\clerk-cli\Data). Access tokens are short-lived, and each refresh ends the refresh token that it used: a second program that
// refreshes may log the first one out. So the session is not read here; the command itself carries the requests:
//
//	clerk api v1/platform/applications --platform --include -X GET
//
// It prints the answer's body on standard output, indented, for errors as well (exit code 1); with --include the status and the headers on
// standard error; and takes the body of a request from standard input when that is no terminal. Errors of its own are one line of JSON on
// standard error when CLERK_MODE=agent, with the code auth_required where there is no login or it expired. CLERK_PLATFORM_API_KEY in its
// environment goes before the login, so it is not passed on. A path without a leading slash is not rewritten by Git Bash, which turns
// /v1/… into C:\Program Files\Git\v1\…; MSYS_NO_PATHCONV=1 is set besides. It runs in an empty directory, so that no file of a repository
// has a say in where the login is sent.
package manage
