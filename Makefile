# The project's commands. `make run` starts a server to try, `make test` is all that CI checks.
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
.PHONY: run test lint contract bench setup tools

# Builds and starts the server with the example catalog; its state is kept in ./data.
run: setup
	cargo run --release -- serve --catalog config/examples/study.toml --data data

test: tools lint
	scripts/test

lint: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	scripts/deny

# How many lines of docs/contract tests name; SECTION=C-STREAK lists the missing ones.
contract:
	@cargo test --quiet --test tidy -- --ignored --exact contract_table --nocapture

bench: setup
	cargo bench --workspace

setup:
	@scripts/setup

tools: setup
	@scripts/tools
