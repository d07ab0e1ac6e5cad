# Two commands are enough: `make demo` and `make test`. `make help` lists the rest.
export PATH := $(CURDIR)/.tools/bin:$(PATH)

.PHONY: help setup demo demo-clean test check lab bench install uninstall clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

setup: ## install what is needed, by name, and build
	@scripts/setup.sh

demo: setup ## two partners, then a cluster whose gateways die, every step shown; KEEP=1 leaves the lab up
	@node lab/demo.ts

demo-clean: ## end the lab that KEEP=1 left up
	@mkdir -p .cache && touch .cache/demo.stop

test: setup ## checks, unit tests, lab, demo
	@node scripts/test.ts

check: setup ## format, types, lint, layers, dead code, unit tests
	@node scripts/check.ts

lab: setup ## tests with real daemons, for their whole length
	@node lab/run.ts --whole

bench: setup ## measure against peers; BENCH=name for one of them
	@node bench/run.ts $(if $(BENCH),--bench $(BENCH))

install: setup ## install on this host, below PREFIX (default /usr/local)
	@scripts/install.sh

uninstall: ## take down the tunnels of this host and remove the program
	@scripts/install.sh --uninstall

clean: ## remove what was built
	rm -rf packages/*/dist .cache coverage
