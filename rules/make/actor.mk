# actor.mk: rules for actors. Set variables, include this, add rules of your own.
#
# Required
#   PROJECT        short name, no spaces; for Rust the crate's library name
#   VERSION        for example 0.1.0
# Optional
#   CLAIMS         contract ids, separated by spaces; may be empty
#   REVISION       a number, 0
#   ACTOR_NAME     the name in the claims; with quotes of your own if it has spaces
#   ACTOR_ALIAS    call alias
#   REG_URL        full reference, $(REG_SERVER)/$(PROJECT):$(VERSION)
#   REG_SERVER     the registry that `make up` started, else localhost:5000
#   PUSH_REG_CMD   push command; the signed file is appended. One that begins with the word wash runs the wash of this
#                  project (docs/differences.md), any other runs as it is
#   KEYDIR         folder with this project's keys, .keys; used if it exists
#   UNSIGNED_WASM  a finished wasm to sign; by default what the sources here compile to, build/$(PROJECT).wasm
#   DIST_WASM      the signed file, build/$(PROJECT)_s.wasm
#   SIGNED_JWT     a token signed before, $(PROJECT).jwt; used if it is there and fits, then no key is needed
#   BUILT          yes: compile nothing, take what was compiled before
#   CARGO          for Rust; and WASM_TARGET, if neither .cargo/config.toml nor CARGO_BUILD_TARGET names a target
#   GO TINYGO      for Go, and for actors that import wasmCloud's SDK for TinyGo;  WASH  for your own rules
#   OP DATA        for `make call`: operation, and JSON or @file
#   RPC_TEST_TIMEOUT_MS START_TIMEOUT_MS     milliseconds: for each call of a test, 2000; for a start, 15000
#
# Targets
#   all signed push start call test            the loop
#   dev            rebuilds, replaces in the host and tests at every change below WATCH, which is .
#   up down host registry                      a host and a registry, in the background or here
#   wash-path      prints a folder that puts this project's wash on a PATH
#   inspect claims actor_id inventory keys doctor drain target-path target-path-abs target-file
#   request jwt    what is to be signed, build/$(PROJECT).request.json; and its signature, $(SIGNED_JWT)
#   check clippy doc release clean lint validate

all:: # the default goal, whatever the include below holds

include $(dir $(lastword $(MAKEFILE_LIST)))wasmcloud.mk

CLAIMS      ?=
ACTOR_NAME  ?= $(PROJECT)
WASM_TARGET ?= wasm32-unknown-unknown
DIST_WASM   ?= build/$(PROJECT)_s.wasm
REG_URL     ?= $(REG_SERVER)/$(PROJECT):$(VERSION)
PUSH_REG_CMD ?= $(OCIPUSH) push $(REG_URL)
RPC_TEST_TIMEOUT_MS ?= 2000

_wm_dist = $(DIST_WASM)
_wm_outputs = DIST_WASM= and UNSIGNED_WASM=
_wm_ref = $(REG_URL)
include $(_wm_here)common.mk

$(call check-var-defined,PROJECT)
$(call check-var-defined,VERSION)

all:: $(DIST_WASM)

signed: $(DIST_WASM)

# --- compile: what lies in the folder says how -----------------------------------------------
ifneq ($(BUILT),)
# Compiled before, where no key and no password was: what lies there is signed and pushed.
UNSIGNED_WASM ?= build/$(PROJECT).wasm

else ifneq ($(wildcard Cargo.toml),)
UNSIGNED_WASM ?= build/$(PROJECT).wasm

# cargo says itself where it put the wasm: TARGET_DIR, which upstream had for that, is not needed.
$(UNSIGNED_WASM): .FORCE | $(call need,COMPILE) $(call after,clean)
	@$(call _wm_folder,$(@D))
	$(Q)$(COMPILE) rust --name $(PROJECT) --target $(WASM_TARGET) -o $@ -- $(CARGO) $(if $(Q),>/dev/null)

# Plain Go's compiler cannot compile what that SDK needs.
else ifneq ($(shell grep -ls 'github.com/wasmcloud/actor-tinygo' go.mod *.go),)
UNSIGNED_WASM ?= build/$(PROJECT).wasm
TINYGO ?= tinygo

$(UNSIGNED_WASM): .FORCE | $(call need,COMPILE) $(call after,clean)
	@$(call _wm_folder,$(@D))
	$(Q)$(COMPILE) tinygo -o $@ -- $(TINYGO) $(if $(Q),>/dev/null)

else ifneq ($(wildcard *.go),)
_wm_go := yes
UNSIGNED_WASM ?= build/$(PROJECT).wasm
_wm_raw = $(basename $(UNSIGNED_WASM))_raw.wasm

# go keeps a cache of its own and is asked each time; equal output is left untouched from here on.
$(UNSIGNED_WASM): .FORCE | $(call need,WASMFIX)
	@$(call _wm_folder,$(@D))
	$(Q)GOOS=wasip1 GOARCH=wasm $(GO) build -buildmode=c-shared -trimpath -buildvcs=false -ldflags='-s -w' -o $(_wm_raw) .
	$(Q)$(WASMFIX) $(foreach c,$(CLAIMS),--caps $(c)) -o $@ $(_wm_raw) $(if $(Q),>/dev/null)
else
# A finished file.
$(call check-var-defined,UNSIGNED_WASM)
endif

# --- sign: always asked, and the file is left untouched when its bytes would be equal ---------
$(DIST_WASM): $(UNSIGNED_WASM) .FORCE | $(call need,SIGNER) $(call after,clean)
	@$(call _wm_folder,$(@D))
	$(Q)$(SIGNER) sign $< $(_wm_claims) $(_wm_jwt) --destination $@

_wm_claims = $(foreach c,$(CLAIMS),-c $(c)) --name $(ACTOR_NAME) --ver $(VERSION) --rev $(REVISION) $(if $(ACTOR_ALIAS),--call-alias $(ACTOR_ALIAS))

request: $(UNSIGNED_WASM) | $(call need,SIGNER)
	@mkdir -p $(dir $(_wm_request))
	$(Q)$(SIGNER) token actor $(_wm_claims) --hash "$$($(SIGNER) hash $<)" --unsigned >$(_wm_request)

# --- the loop ---------------------------------------------------------------------------------
# Looked at unexpanded here: REG_URL may ask for what is not built yet. So any variable but ours may
# turn out to be wash.
_wm_push_wash := $(if $(filter-out $$(OCIPUSH) $${OCIPUSH},$(filter wash $$%,$(firstword $(value PUSH_REG_CMD)))),$(_wm_wash))
push: $(DIST_WASM) | $(call need,OCIPUSH) $(call need,REGISTRY) $(_wm_push_wash) $(call after,up)
	$(Q)$(call with-wash,$(PUSH_REG_CMD)) $(DIST_WASM)

start: push | $(call need,LATTICE) $(call after,up)
	$(Q)$(LATTICE) start actor $(REG_URL) --timeout-ms $(START_TIMEOUT_MS)

# DATA reaches the shell as a variable: JSON is full of quotes that a command line would lose.
call: export _WM_DATA = $(DATA)
call: | $(call need,LATTICE) $(call need,REGISTRY) $(call after,up push start)
	$(Q)$(LATTICE) call $(REG_URL) $(OP) $${_WM_DATA:+"$$_WM_DATA"}

# --- tests: their own host on free ports; Go code natively first ------------------------------
_wm_options := $(wildcard test-options.json)
_wm_cases := $(wildcard cases)
ifneq ($(_wm_cases)$(_wm_options)$(wildcard *_test.go),)
test:: $(if $(_wm_cases)$(_wm_options),$(DIST_WASM) | $(call need,DEVHOST) $(call need,LATTICE))
	$(if $(_wm_go),$(Q)$(GO) test ./...)
	$(if $(_wm_cases)$(_wm_options),$(Q)$(DEVHOST) exec -- $(LATTICE) test $(DIST_WASM) --rpc-timeout-ms $(RPC_TEST_TIMEOUT_MS) \
		$(if $(_wm_cases),--cases $(_wm_cases)) $(if $(_wm_options),--options $(_wm_options)))
endif

# --- questions --------------------------------------------------------------------------------
inspect claims: $(DIST_WASM) | $(call need,SIGNER)
	$(Q)$(SIGNER) inspect $(DIST_WASM)

# One line on stdout whatever the build says, for $(shell make actor_id); a failure is one here.
actor_id: | $(call need,SIGNER)
	@$(MAKE) --silent $(DIST_WASM) >&2
	@$(SIGNER) inspect $(DIST_WASM) --output json | sed -n 's/^ *"module": "\(M[A-Z2-7]*\)",*$$/\1/p' | grep .

# --- upstream's small ones ----------------------------------------------------------------------
release:: $(UNSIGNED_WASM)

clean::
	$(if $(wildcard Cargo.toml),$(CARGO) clean)
	rm -rf build

lint validate:: | $(if $(wildcard codegen.toml),$(call need,SMITHY))
	$(if $(wildcard codegen.toml),$(Q)$(SMITHY) $@ --config codegen.toml)

.PHONY: all signed request push start call test inspect claims actor_id release clean lint validate
