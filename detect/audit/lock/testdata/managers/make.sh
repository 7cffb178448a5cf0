#!/bin/sh
# Makes the archives here with the package managers themselves: make.sh DIRECTORY, which is filled. Node 20, npm 11.
set -eu
out=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1"
top=$(pwd)

tool() { # NAME PACKAGE
	[ -d "$top/tools/$1" ] || npm install --silent --prefix "$top/tools/$1" "$2"
}
repository() { # NAME SPEC-OF-UI
	rm -rf "$top/$1" && mkdir -p "$top/$1/apps/web" "$top/$1/apps/api" "$top/$1/packages/ui" && cd "$top/$1"
	echo '{"name":"root","private":true,"version":"1.0.0","workspaces":["apps/*","packages/*"],"devDependencies":{"@clerk/types":"4.50.0"}}' >package.json
	printf '{\n  "name": "web",\n  "version": "1.0.0",\n  "dependencies": {\n    "@clerk/backend": "1.21.0",\n    "ui": "%s"\n  }\n}\n' "$2" >apps/web/package.json
	printf '{\n  "name": "@acme/api",\n  "version": "1.0.0",\n  "dependencies": {\n    "@clerk/backend": "~2.4.0"\n  },\n  "devDependencies": {\n    "old": "npm:@clerk/backend@1.15.0"\n  }\n}\n' >apps/api/package.json
	printf '{\n  "name": "ui",\n  "version": "1.0.0",\n  "dependencies": {\n    "@clerk/shared": "^3.9.0"\n  }\n}\n' >packages/ui/package.json
}
archive() { # NAME FILES
	name=$1 && shift
	for f; do [ -f "$f" ] && echo "-- $f --" && cat "$f"; done >"$out/$name.txtar"
}
all="package.json apps/web/package.json apps/api/package.json packages/ui/package.json pnpm-workspace.yaml"

tool npm6 npm@6 && tool npm8 npm@8
repository npm-v1 1.0.0 && cd apps/api && node "$top/tools/npm6/node_modules/npm/bin/npm-cli.js" install --package-lock-only && cd ../..
archive npm-v1 apps/api/package.json apps/api/package-lock.json
repository npm-v2 1.0.0 && node "$top/tools/npm8/node_modules/npm/bin/npm-cli.js" install --lockfile-version 2 --package-lock-only
archive npm-v2 $all package-lock.json
repository npm-v3 1.0.0 && npm install --package-lock-only
archive npm-v3 $all package-lock.json
for v in 7=v5 8=v6 10=v9; do
	tool "pnpm${v%=*}" "pnpm@${v%=*}"
	repository "pnpm-${v#*=}" 'workspace:*' && printf 'packages:\n  - apps/*\n  - packages/*\n' >pnpm-workspace.yaml
	node "$top/tools/pnpm${v%=*}/node_modules/pnpm/bin/pnpm.cjs" install --lockfile-only
	archive "pnpm-${v#*=}" $all pnpm-lock.yaml
done
tool yarn1 yarn@1
repository yarn-classic 1.0.0 && node "$top/tools/yarn1/node_modules/yarn/bin/yarn.js" install --ignore-scripts
archive yarn-classic $all yarn.lock
for v in 3 4; do
	tool "yarn$v" "@yarnpkg/cli-dist@$v"
	repository "yarn-$v" 'workspace:*' && node "$top/tools/yarn$v/node_modules/@yarnpkg/cli-dist/bin/yarn.js" install --mode=update-lockfile
	archive "yarn-$v" $all yarn.lock
done
tool bun bun@1
repository bun 'workspace:*' && "$top/tools/bun/node_modules/.bin/bun" install --lockfile-only
archive bun $all bun.lock
