# fdbroker. `make help` lists the targets.
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

PREFIX ?= /usr/local
DESTDIR ?=
BUILD := build
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
NODE := $(shell sed -n 's/^ *"node": ">=\([0-9.]*\)"$$/\1/p' package.json)

CC := $(if $(filter default,$(origin CC)),cc,$(CC))
MUSL_CC = $(shell command -v musl-gcc 2>/dev/null)
CFLAGS_COMMON := -std=c11 -O2 -g -Wall -Wextra -Wconversion -Wshadow -Wformat=2 -Werror -D_GNU_SOURCE
CFLAGS_HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fno-common
BROKER_FLAGS := --jitless --no-expose-wasm --max-semi-space-size=1
SWITCH_FLAGS := --max-semi-space-size=1

SOURCES_TS := $(sort $(shell find src test -name '*.ts'))
SOURCES_ADDON := $(sort $(wildcard src/kernel/native/*.c))
HEADERS_ADDON := $(sort $(wildcard src/kernel/native/*.h))
SOURCES_HELPER := $(sort $(wildcard helper/*.c))
HEADERS_HELPER := $(sort $(wildcard helper/*.h))
SOURCES_KEEPER := $(sort $(wildcard helper/keeper/*.c))
HEADERS_KEEPER := $(sort $(wildcard helper/keeper/*.h))
SOURCES_C := $(sort $(shell find src helper test -name '*.[ch]'))
PACKAGES := node_modules/.fdbroker-installed
PROGRAMS := $(BUILD)/fdbroker $(BUILD)/fdbrokerd $(BUILD)/fdbroker-switchd $(BUILD)/fdbroker-helper

##@ Everyday
.PHONY: all
all: $(PROGRAMS) $(BUILD)/native/fdbroker.node $(BUILD)/native/fdbroker-keeper $(BUILD)/.tsc $(BUILD)/package.json ## build everything (the default)

.PHONY: demo
demo: setup ## three real guests get their network through a broker, in a minute
	@$(MAKE) all
	@node $(BUILD)/test/demo/demo.js

.PHONY: test
test: setup ## all tests; TESTS="test/acl test/core/mac.ts" for some of them
	@$(MAKE) all
	@node $(BUILD)/test/runner/run.js $(TESTS) </dev/null

.PHONY: qemu10
qemu10: setup ## the tests with guests, on Debian 13's QEMU 10.0; downloads 110 MB once; TESTS= as above
	@conf/make/qemu10.sh $(BUILD)/qemu10
	@conf/make/card-kernel.sh $(BUILD)/card-kernel
	@$(MAKE) all
	@PATH=$(CURDIR)/$(BUILD)/qemu10/bin:$$PATH node $(BUILD)/test/runner/run.js $(or $(TESTS),test/qemu) </dev/null

.PHONY: check
check: setup ## all that CI runs: format, lint, layers, unused code, tests
	@$(MAKE) all
	@$(MAKE) format-check lint layers unused
	@$(MAKE) test

.PHONY: bench
bench: setup ## measure times and memory against their budgets; ENTRIES="memory data-path" for some of them
	@$(MAKE) all $(patsubst test/bench/%.c,$(BUILD)/bench-%,$(filter-out %/calls.c,$(wildcard test/bench/*.c))) $(BUILD)/bench-calls.so
	@node $(BUILD)/test/bench/bench.js $(ENTRIES)

.PHONY: help
help: ## this list
	@awk -f conf/make/help.awk $(firstword $(MAKEFILE_LIST))

##@ Installing
.PHONY: setup
setup: ## install what building and testing need (Debian packages as root, npm packages)
	@conf/make/check-node.sh $(NODE)
	@test/support/setup.sh
	@$(MAKE) -s $(PACKAGES)

.PHONY: install
install: all ## put fdbroker under PREFIX=/usr/local, staged in DESTDIR=
	@conf/make/install.sh install '$(DESTDIR)' '$(PREFIX)' $(BUILD)

.PHONY: uninstall
uninstall: ## remove what install put there; configuration and logs stay
	@conf/make/install.sh uninstall '$(DESTDIR)' '$(PREFIX)' $(BUILD)

.PHONY: clean
clean: ## remove everything built
	rm -rf $(BUILD) .tap

##@ Working on the code
.PHONY: format
format: $(PACKAGES) ## format all sources
	node_modules/.bin/biome check --write --linter-enabled=false
	@conf/make/format-c.sh write $(SOURCES_C)

.PHONY: format-check
format-check: $(PACKAGES) ## is everything formatted
	node_modules/.bin/biome check --linter-enabled=false
	@conf/make/format-c.sh check $(SOURCES_C)

.PHONY: lint
lint: $(PACKAGES) ## find doubtful code
	node_modules/.bin/biome lint --error-on-warnings

.PHONY: layers
layers: $(PACKAGES) ## find imports that the architecture forbids, and cycles
	node_modules/.bin/depcruise --config .dependency-cruiser.cjs src test

.PHONY: unused
unused: $(PACKAGES) ## find unused files, exports and packages
	node_modules/.bin/knip

.PHONY: lock
lock: ## choose npm packages anew after a change of package.json
	npm install --package-lock-only --ignore-scripts

# What is built, file by file.

$(PACKAGES): package.json package-lock.json .npmrc conf/make/npm-install.mjs
	@conf/make/check-node.sh $(NODE)
	node conf/make/npm-install.mjs
	@touch $@

# Changes when a source comes or goes, so that a removed one has its effect.
$(BUILD)/.sources: FORCE
	@mkdir -p $(@D)
	@echo '$(SOURCES_TS)' | cmp -s - $@ || echo '$(SOURCES_TS)' >$@

$(BUILD)/.tsc: $(PACKAGES) tsconfig.json $(BUILD)/.sources $(SOURCES_TS)
	@node conf/make/remove-stale.mjs $(BUILD)
	node_modules/.bin/tsc -p tsconfig.json
	@touch $@

$(BUILD)/package.json: package.json conf/make/package-json.mjs
	@mkdir -p $(@D)
	node conf/make/package-json.mjs >$@

$(BUILD)/native/fdbroker.node: $(PACKAGES) $(SOURCES_ADDON) $(HEADERS_ADDON) Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) $(CFLAGS_HARDEN) -fPIC -shared -fvisibility=hidden -Wl,-z,relro,-z,now \
	  -isystem node_modules/node-api-headers/include -o $@ $(SOURCES_ADDON)

$(BUILD)/fdbroker-helper: $(SOURCES_HELPER) $(HEADERS_HELPER) Makefile package.json
	@mkdir -p $(@D)
	$(or $(MUSL_CC),$(CC)) $(CFLAGS_COMMON) $(CFLAGS_HARDEN) -DFDBROKER_VERSION='"$(VERSION)"' -static -o $@ $(SOURCES_HELPER)

# musl's own headers lack the kernel's, which come after them.
KERNEL_HEADERS = $(if $(MUSL_CC),-idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -print-multiarch))
$(BUILD)/native/fdbroker-keeper: $(SOURCES_KEEPER) $(HEADERS_KEEPER) Makefile package.json
	@mkdir -p $(@D)
	$(or $(MUSL_CC),$(CC)) $(CFLAGS_COMMON) $(CFLAGS_HARDEN) $(KERNEL_HEADERS) -DFDBROKER_VERSION='"$(VERSION)"' -static \
	  -o $@ $(SOURCES_KEEPER)

$(BUILD)/bench-%.so: test/bench/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) -fPIC -shared -o $@ $<

$(BUILD)/bench-%: test/bench/%.c test/bench/common.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_COMMON) -o $@ $<

$(BUILD)/fdbroker: FLAGS :=
$(BUILD)/fdbroker-switchd: FLAGS := $(SWITCH_FLAGS)
$(BUILD)/fdbrokerd: FLAGS := $(BROKER_FLAGS)
$(BUILD)/fdbroker $(BUILD)/fdbrokerd $(BUILD)/fdbroker-switchd: conf/make/launcher.in Makefile package.json
	@mkdir -p $(@D)
	sed -e 's|@NAME@|$(@F)|g; s| @FLAGS@|$(if $(FLAGS), $(FLAGS))|' \
	  -e 's|@MAJOR@|$(word 1,$(subst ., ,$(NODE)))|g; s|@MINOR@|$(word 2,$(subst ., ,$(NODE)))|g' $< >$@
	@chmod 755 $@

.PHONY: FORCE
FORCE:
