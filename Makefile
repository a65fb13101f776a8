# Everything that is done with this repository, by name. `make help` lists it.
#
# One target folder and one profile for all checks: what the linter compiles, the tests and the documentation use again.

.NOTPARALLEL:
.DEFAULT_GOAL := help

LISTEN ?= 127.0.0.1:8080
ROBOTS ?= 2
FUZZ_SECONDS ?= 5

STEP := scripts/step.sh
BUILT := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
# A newer Node.js than the machine's own, if scripts/setup.sh had to install one.
export PATH := $(CURDIR)/target/tools/node/bin:$(PATH)
export CARGO_TERM_COLOR ?= auto

.PHONY: help run test bench lint format page plugins unit doc check-plugins semver semver-if-there browser fuzz rfc8867 test-ray setup-run setup-test setup-bench begin

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: ## a room with two robots: build what has changed, then serve it until Ctrl-C
	@scripts/setup.sh run
	@scripts/page.sh build
	cargo build --release --workspace --exclude jackfield-benches --exclude jackfield-house-rules --exclude jackfield-bad
	@echo
	@echo "Open http://$(LISTEN) in a browser and join the room."
	@echo
	@exec $(BUILT)/release/jackfield serve --listen $(LISTEN) --open --robots $(ROBOTS)

test: begin setup-test page lint doc map semver-if-there plugins unit browser fuzz ## every check that must pass before a change is published
	@$(STEP) --report

bench: setup-bench page ## times of the hot paths, and how many people a conference holds beside Janus
	cargo build --release --workspace
	cargo bench --workspace
	$(BUILT)/release/conference-capacity --participants 100 --talkers 3
	$(BUILT)/release/conference-capacity --participants 50 --talkers 50 --mixer sum

begin:
	@$(STEP) --begin

setup-run setup-test setup-bench: setup-%:
	@$(STEP) setup scripts/setup.sh $*

page: ## the web page and its unit tests
	@$(STEP) page-build scripts/page.sh build
	@$(STEP) page-test scripts/page.sh test

format: ## put all Rust sources in the house format
	cargo fmt --all

lint: ## format and lints; warnings are errors
	@$(STEP) format cargo fmt --all --check
	@$(STEP) clippy cargo clippy --workspace --all-targets --locked -- -D warnings

doc: ## the API documentation; a broken link is an error
	@$(STEP) rustdoc env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

map: ## the map from WebRTC names the tests that are there (scripts/webrtc-map.py fills it)
	@$(STEP) map scripts/webrtc-map.py --check

# With the tests, so that one choice of features serves both: else Cargo would build shared dependencies twice.
plugins: ## all plugins as shared libraries, and the jackfield command
	@$(STEP) build cargo build --workspace --lib --bins --tests --examples --locked

unit: plugins ## the Rust tests, examples in the documentation included
	@$(STEP) nextest cargo nextest run --workspace --locked --no-fail-fast
	@$(STEP) doctest cargo test --workspace --locked --doc

rfc8867: ## what RFC 8867 expects of the congestion controllers, in thirty weathers instead of three, and what does not hold in more than three of them: ten minutes on two fast cores
	JACKFIELD_RFC8867_MANY=1 cargo nextest run --workspace --locked --profile many --no-fail-fast -E 'package(jackfield-sim) & test(rfc8867)'

check-plugins: setup-run ## every plugin through the whole validator, in the release build: some minutes
	cargo build --release --workspace --lib --bins --exclude jackfield-benches --exclude jackfield-house-rules --exclude jackfield-bad
	@scripts/check-plugins.sh $(BUILT)/release

semver: ## the SDK against the sources that are kept of its last revision; installs cargo-semver-checks first, which takes minutes
	@$(STEP) semver scripts/semver.sh

# For `make test` (docs/adr/0034): it runs where the tool is there already, and says so if it is not.
semver-if-there:
	@$(STEP) semver scripts/semver.sh --if-there
	@grep -h '^left out' target/logs/semver.log || true

browser: plugins ## calls through a real Chromium and aiortc
	@$(STEP) browser env JACKFIELD_BIN=$(BUILT)/debug/jackfield node hosts/call-host/tests/browser/run.mjs

test-ray: plugins ## an experiment on a local Ray cluster of two nodes, broken off and taken up: the dataset must be that of one machine
	@$(STEP) ray scripts/test-ray.sh $(BUILT)/debug/jackfield

fuzz: ## every parser of outside bytes, FUZZ_SECONDS each
	@$(STEP) fuzz scripts/fuzz.sh $(FUZZ_SECONDS)
