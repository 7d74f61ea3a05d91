# rules_wasmcloud: `make demo` shows the loop, `make test` runs everything.

PREFIX   ?= /usr/local
# So many runs of each fuzz target, not seconds: with a deadline Go sometimes fails a target that found nothing.
FUZZTIME ?= 3000x
CROSS    ?= darwin/arm64 windows/amd64
SOAK     ?= 10m
CALLS    ?= 100000
REQUIRE  ?=
PLATFORMS ?= linux/amd64 linux/arm64 linux/arm darwin/amd64 darwin/arm64 windows/amd64

tools:

include rules/make/wasmcloud.mk

# wash has a folder of its own, for it must not hide another on a PATH.
_tools := $(filter-out wash,$(patsubst tools/%/main.go,%,$(wildcard tools/*/main.go)))
_includes := $(wildcard rules/make/*.mk)
_share := $(DESTDIR)$(PREFIX)/share/rules_wasmcloud/make

# One build for all: they share nearly everything that is compiled. Without cgo they are
# static, and start sooner by the time that a dynamic linker takes.
tools: bin/.built $(_wm_wash)
bin/.built: $(_wm_sources) $(_wm_template)
	$(Q)CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $(_wm_flags)" -o bin/ $(addprefix ./tools/,$(_tools)) && touch $(addprefix bin/,$(addsuffix $(_wm_exe),$(_tools))) $@

demo:
	@go run ./e2e/demo

# BAZEL=skip leaves out the tests with a real Bazel, REQUIRE=bazel fails where there is none.
test:
	@go run ./e2e/suite -fuzztime $(FUZZTIME) -cross "$(CROSS)" -require "$(REQUIRE)"

# Ten minutes of killing hosts, providers and NATS at random, and 100,000 calls of each of two actors;
# 30 seconds and 2,000 calls of it are in `make test`.
soak:
	go test ./e2e/soak -count=1 -timeout 30m -v -soak $(SOAK) -calls $(CALLS)

bench: tools
	@go run ./bench

# Pages under docs/cli and docs/json.md come from the commands themselves, those under docs/rules
# from the .bzl files; `make test` compares them.
docs:
	go test -count=1 ./e2e -run 'TestCLIReference|TestJSONMembers|TestRulesReference' -update

install: tools
	mkdir -p $(DESTDIR)$(PREFIX)/bin $(_share) $(_share)/../wash-path
	install -m 755 $(addprefix bin/,$(addsuffix $(_wm_exe),$(_tools))) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(_wm_wash) $(_share)/../wash-path
	install -m 644 $(_includes) $(_share)

# A release, in dist: an archive of the sources, one of the tools for each platform, and their sums.
dist:
	@go run ./e2e/dist -out dist -platforms "$(PLATFORMS)"

uninstall:
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/bin/,$(addsuffix $(_wm_exe),$(_tools)))
	rm -f $(addprefix $(_share)/,$(notdir $(_includes)))
	rm -rf $(_share)/../wash-path
	-rmdir $(_share) $(dir $(_share)) 2>/dev/null

clean:
	rm -rf bin build dist examples/*/build

.PHONY: tools demo test soak bench docs install dist uninstall clean
