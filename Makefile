# One definition of each check: .ci/run and the workflows call these targets.
.DEFAULT_GOAL := help
export CGO_ENABLED ?= 0

FUZZ_TIME ?= 3s
DEADCODE  := go run golang.org/x/tools/cmd/deadcode@v0.52.0
# Built once, which takes minutes, and kept in Go's cache. An installed one serves too: make lint GOLANGCI=golangci-lint
GOLANGCI  ?= go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.2
GORELEASER ?= go run github.com/goreleaser/goreleaser/v2@v2.15.1
PACKAGES  := $(shell go list ./... 2>/dev/null)

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build ./rekey
	go build -trimpath -o rekey ./app/rekey

.PHONY: test
test: ## Run all tests: needs Go and git only
	go test ./...

.PHONY: lint
lint: ## Check formatting and vet; run staticcheck and golangci-lint
	go vet ./...
	@unformatted=$$(go tool gofumpt -l .); [ -z "$$unformatted" ] || { echo "gofumpt would change:"; echo "$$unformatted"; exit 1; }
	go tool staticcheck ./...
	@$(MAKE) --no-print-directory golangci

.PHONY: golangci
golangci: export GOLANGCI_LINT_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/golangci-lint$(subst /,-,$(CURDIR))
golangci: ## Run golangci-lint; where it can't be built, say why
	@# Its cache names files as the checkout that filled it saw them: each checkout has its own.
	@if built=$$($(GOLANGCI) version 2>&1); then $(GOLANGCI) run; else echo "left out: golangci-lint: $$(echo "$$built" | tail -n 1)"; fi

.PHONY: format
format: ## Format all Go files
	go tool gofumpt -w .

.PHONY: deadcode
deadcode: ## Fail if there are functions that nothing calls, or only tests do
	@dead=$$($(DEADCODE) -test ./...) || exit 1; [ -z "$$dead" ] || { echo "$$dead"; exit 1; }
	@# Without tests: packages for tests left out, and Server.Store, by which tests of the whole server write what no webhook brings.
	@dead=$$($(DEADCODE) ./app/rekey ./app/demo ./docs/...) || exit 1; \
	dead=$$(echo "$$dead" | grep -vE '^[^:]*test/|Server\.Store$$'); \
	[ -z "$$dead" ] || { echo "only tests call:"; echo "$$dead"; exit 1; }

.PHONY: vulnerabilities
vulnerabilities: ## Look for known vulnerabilities that the code reaches
	go tool govulncheck ./...

# SQLite is C translated to Go, with its own locks and one thread at a time in each connection. To watch its every access to memory
# takes four times as long as all the rest.
RACE := -race -short -gcflags=modernc.org/sqlite/lib=-race=false

.PHONY: race
race: ## Run the tests under the race detector: needs a C compiler
	# Nothing runs at once in literal and inflate, which the detector slows down most, in detect and unpack only where a scanner or a walker is
	# shared, and in the demo nothing but the server. A scan of GitHub, or a rotation, that is stopped at each request is the same many times,
	# and git's hooks are one process after another.
	CGO_ENABLED=1 go test $(RACE) -skip 'InterruptedAnywhere|RotateIsKilled|Scripts/hook' $(filter-out %/app %/comparison %/demo %/detect %/literal %/inflate %/unpack,$(PACKAGES))
	CGO_ENABLED=1 go test $(RACE) -run 'OneScannerForMany|WindowsAreCharged|WalkerIsShared' ./detect ./detect/unpack
	# The whole server under the race detector takes minutes: those of its tests that let most things happen at once.
	CGO_ENABLED=1 go test $(RACE) -parallel 2 -run 'PushWithALeak|Branches|Fork|Hides|Rerequest' ./app

.PHONY: purego
purego: ## Run the engine's tests without assembly
	go vet -tags purego ./detect/...
	go test -short -tags purego ./detect ./detect/literal ./detect/inflate ./detect/pack

.PHONY: cross
cross: export GOFLAGS := $(GOFLAGS) -trimpath
cross: ## Build for every platform that releases have, as they are built, and vet what differs by system
	@for os in linux darwin windows; do for arch in amd64 arm64; do \
	  echo "$$os/$$arch"; GOOS=$$os GOARCH=$$arch go build -o /dev/null ./app/rekey || exit 1; \
	done; done
	@$(MAKE) --no-print-directory cross-vet

.PHONY: cross-vet
cross-vet: export GOFLAGS := $(GOFLAGS) -trimpath
cross-vet: ## Vet what differs by system, for systems that this one isn't
	GOOS=windows GOARCH=amd64 go vet ./app/scan/... ./detect/...
	GOOS=darwin GOARCH=arm64 go vet ./app/scan/... ./detect/...

.PHONY: release
release: ## Build all that a release has into dist/, and publish nothing
	HOMEBREW_TAP_TOKEN=none $(GORELEASER) check
	HOMEBREW_TAP_TOKEN=none $(GORELEASER) release --snapshot --clean --skip=sign,publish,announce

.PHONY: bombs
bombs: ## Run the server in 1 GiB of memory against pushes that were made to cost much
	REKEY_TEST_BOMBS=1 go test -count=1 -run 'TestBombs$$' ./app
	REKEY_ADVERSARIES=1 go test -count=1 -run TestStepsAreLinear ./detect

.PHONY: floods
floods: ## Run the server against as much as large organisations push: keys, bytes and repositories
	REKEY_TEST_FLOOD=1 go test -count=1 -v -run 'TestFloodOf' ./app
	REKEY_TEST_FLOOD=1 go test -count=1 -v -run 'TestManyRepositories' ./app/deliver

.PHONY: soak
soak: ## Measure servers under a burst of 10,000 pushes, and assert that nothing is lost: see docs/scale.md
	@# In two steps: an interrupt is the program's own.
	go build -o "$${TMPDIR:-/tmp}/rekey-soak" ./app/soak
	@"$${TMPDIR:-/tmp}/rekey-soak"

CRASH_TIME  ?= 15s
CRASH_SEED  ?=
CRASH_STORE ?= sqlite $(if $(REKEY_TEST_POSTGRES_URL),postgres)

.PHONY: crash
crash: ## Kill the server at random for CRASH_TIME (15s), CRASH_SEED, CRASH_STORE (sqlite postgres), and compare GitHub with a model
	@for store in $(CRASH_STORE); do \
	  REKEY_TEST_CRASH=$$store CRASH_TIME=$(CRASH_TIME) CRASH_SEED=$(CRASH_SEED) \
	    go test -count=1 -timeout 0 -v -run 'TestCrash$$' ./app/crashtest || exit 1; \
	done

.PHONY: postgres
postgres: ## Run the store's tests on the PostgreSQL server that REKEY_TEST_POSTGRES_URL names
	@[ -n "$$REKEY_TEST_POSTGRES_URL" ] || { echo "set REKEY_TEST_POSTGRES_URL to postgres://USER@HOST:PORT/DATABASE"; exit 2; }
	go test -count=1 -p 1 ./respond/ledger/... ./respond/queue ./app/intake
	# Of the whole server, those tests that lean on the store most. They wait more than they work: for heartbeats of processes that were killed.
	go test -count=1 -parallel 4 -run 'PushWithALeak|Branches|Fork|Killed|Hides|Sweep|Uninstall|Backfill|Histories|Roles|Outages' ./app

.PHONY: recording
recording: ## Record rekey rotate against the demo's stand-ins, for the documentation
	go run ./app/demo --record docs/pictures >/dev/null

.PHONY: pictures
pictures: ## Take the documentation's pictures of the demo and its dashboard again, in Chromium
	REKEY_PICTURES="$(CURDIR)/docs/pictures" REKEY_TEST_BROWSER="$$(command -v chromium || command -v google-chrome)" \
	  go test -count=1 -run TestBrowserShowsTheDemo ./app/demo

.PHONY: browser
browser: ## Open the demo's page in Chromium and test it
	@# axe-core looks for what keeps people out; without npm its part is left out.
	@axe=$$(mktemp -d); trap 'rm -rf "$$axe"' EXIT; \
	if (cd "$$axe" && npm pack --silent axe-core@4.10.3 >/dev/null && tar -xzf axe-core-*.tgz package/axe.min.js); \
	then export REKEY_AXE="$$axe/package/axe.min.js"; else echo "left out: axe-core: npm doesn't give it"; fi; \
	REKEY_TEST_BROWSER="$$(command -v chromium || command -v google-chrome)" go test -count=1 -run Browser \
	  $$(grep -rlE --include='*_test.go' '^func Test[A-Za-z]*Browser' app | xargs -n 1 dirname | sort -u | sed 's|^|./|')

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZ_TIME (default 3s)
	.ci/fuzz $(FUZZ_TIME)

.PHONY: bench
bench: ## Run the benchmarks that the README names
	go test -run '^$$' -bench CleanPush -benchtime 15x ./app
	go test -run '^$$' -bench Acknowledge -benchtime 12000x ./app/intake
	go test -run '^$$' -bench Scan ./detect

.PHONY: cover
cover: ## Write coverage.html
	go test -short -coverprofile=coverage.out ./...
	go tool cover -html=coverage.out -o coverage.html

.PHONY: demo
demo: ## Play a leak from push to revocation on this machine
	go run ./app/demo

.PHONY: descriptions
descriptions: ## Update the copies of GitHub's descriptions, schemas and example payloads: needs npm
	.ci/update-descriptions

.PHONY: self-scan
self-scan: ## Look for keys in this repository and its history
	go run ./app/rekey scan .
	go run ./app/rekey scan --history .

.PHONY: deployments
deployments: ## Run the image, validate the chart, rate the systemd unit, test the alerts
	deploy/check

.PHONY: workflows
workflows: ## Check the GitHub workflows
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 -shellcheck= -pyflakes=
