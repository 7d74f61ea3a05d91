# provider.mk: rules for capability providers. Set variables, include this, add rules of your own.
#
# Required
#   PROJECT        short name, no spaces; for Rust the binary's name
#   CAPABILITY_ID  the contract that it provides, for example wasmcloud:keyvalue
#   VENDOR         who publishes it; with quotes of your own if it has spaces
#   VERSION        for example 0.1.0
# Optional
#   NAME           the name in the claims; with quotes of your own if it has spaces
#   REVISION       a number, 0: then hosts take each build for a new one
#   BIN            a finished executable to pack, or several: x86_64-linux=a arm-linux=b;
#                  by default what the sources here compile to, Go's or Rust's
#   par_target0    what BIN runs on, if the file does not say (a script)
#   par_targets    what `par-full` builds for
#   dest_par       the archive, build/$(bin_name).par.gz;  bin_name  its stem, $(PROJECT)
#   PAR_FLAGS      more for parpack: --fast, --schema FILE
#   oci_url        full reference, $(oci_url_base)/$(bin_name):$(VERSION); oci_url_base is $(REG_SERVER)
#   oci_insecure   --insecure for a registry off this machine that speaks plain HTTP
#   link_name      for `start`, default
#   KEYDIR SIGNED_JWT BUILT REG_SERVER START_TIMEOUT_MS CARGO CROSS GO     as for actors; CROSS is Rust's cross
#   subdirs        folders with Makefiles of their own, to which top_targets are forwarded
#
# Targets
#   all par        the archive with the executable for this machine
#   par-full       the archive with those for all par_targets, which it keeps until `make par` or `clean`
#   dev            rebuilds, replaces in the host and tests at every change below WATCH, which is .
#   push start provider-test          the loop;  test  is provider-test unless the Makefile has one of its own
#   up down host registry             a host and a registry, in the background or here
#   inspect provider_id inventory keys doctor drain target-path target-path-abs target-file
#   request jwt    what is to be signed, build/$(PROJECT).request.json; and its signature, $(SIGNED_JWT)
#   build release check clippy doc clean make-vars install-cross

all:: # the default goal, whatever the includes below hold

include $(dir $(lastword $(MAKEFILE_LIST)))wasmcloud.mk

ifneq ($(subdirs),)
top_targets ?= all par par-full test clean
include $(_wm_here)common.mk
else

CROSS        ?= cross
bin_name     ?= $(PROJECT)
NAME         ?= $(PROJECT)
dest_par     ?= build/$(bin_name).par.gz
link_name    ?= default
oci_url_base ?= $(REG_SERVER)
oci_url      ?= $(oci_url_base)/$(bin_name):$(VERSION)
oci_insecure ?=
par_target0  ?=
par_targets  ?= x86_64-unknown-linux-gnu x86_64-apple-darwin aarch64-unknown-linux-gnu aarch64-apple-darwin \
	armv7-unknown-linux-gnueabihf x86_64-pc-windows-gnu

_wm_dist = $(dest_par)
_wm_outputs = dest_par= and bin_target0=
_wm_ref = $(oci_url)
_wm_dev_flags = --link-name $(link_name)
include $(_wm_here)common.mk

$(foreach v,PROJECT CAPABILITY_ID VENDOR VERSION,$(call check-var-defined,$v))

# --- compile: what lies in the folder says how -----------------------------------------------
# $(call _wm_has,linux,TRIPLE): whether the triple has the word.
_wm_has = $(filter $1,$(subst -, ,$2))
_wm_dot_exe = $(if $(call _wm_has,windows,$1),.exe)

ifneq ($(strip $(BIN)),)
_wm_files := $(foreach b,$(BIN),$(lastword $(subst =, ,$b)))
_wm_pack := $(foreach b,$(BIN),$(if $(findstring =,$b),--bin $b,$(if $(par_target0),--arch $(par_target0)) --binary $b))
_wm_full_files := $(_wm_files)
_wm_full_pack := $(_wm_pack)

else ifneq ($(BUILT),)
bin_target0 ?= build/$(bin_name)$(_wm_exe)
_wm_built = build/$1/$(bin_name)$(call _wm_dot_exe,$1)
_wm_full_files := $(foreach t,$(par_targets),$(call _wm_built,$t))
_wm_full_pack := $(foreach t,$(par_targets),--bin $t=$(call _wm_built,$t))

else ifneq ($(wildcard Cargo.toml),)
bin_target0 ?= build/$(bin_name)$(_wm_exe)
_wm_rust_build = $(COMPILE) rust --executable --name $(bin_name)
_wm_rust = build/$1/$(bin_name)$(call _wm_dot_exe,$1)

# cargo knows better than make what depends on what, and is asked each time.
$(bin_target0): .FORCE | $(call need,COMPILE) $(call after,clean)
	@$(call _wm_folder,$(@D))
	$(Q)$(_wm_rust_build) -o $@ -- $(CARGO) $(if $(Q),>/dev/null)

# One after the other: they share a build folder.
define _wm_cross
$(call _wm_rust,$1): .FORCE $2
	@mkdir -p $$(@D)
	$$(Q)$$(_wm_rust_build) --target $1 -o $$@ -- $$(CROSS) $$(if $$(Q),>/dev/null)
endef
_wm_before := | $(call need,COMPILE) $(call after,clean)
$(foreach t,$(par_targets),$(eval $(call _wm_cross,$t,$(_wm_before)))$(eval _wm_before := | $(call _wm_rust,$t)))
_wm_full_files := $(foreach t,$(par_targets),$(call _wm_rust,$t))
_wm_full_pack := $(foreach t,$(par_targets),--bin $t=$(call _wm_rust,$t))

else ifneq ($(wildcard *.go),)
bin_target0 ?= build/$(bin_name)$(_wm_exe)
_wm_go_build := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags='-s -w'
_wm_go_file = build/$1/$(bin_name)$(call _wm_dot_exe,$1)
_wm_arch = $(firstword $(subst -, ,$1))
_wm_goarch = $(or $(if $(filter x86_64,$(_wm_arch)),amd64),$(if $(filter aarch64,$(_wm_arch)),arm64),$(if $(filter arm%,$(_wm_arch)),arm GOARM=6),$(if $(filter i%86 x86,$(_wm_arch)),386),$(_wm_arch))
_wm_goos = $(or $(if $(call _wm_has,apple darwin macos,$1),darwin),$(if $(call _wm_has,windows,$1),windows),$(call _wm_has,linux freebsd,$1),$(error par_targets: "$1" names no system that is known here))

# go keeps a cache of its own and is asked each time.
$(bin_target0): .FORCE | $(call after,clean)
	@$(call _wm_folder,$(@D))
	$(Q)$(_wm_go_build) -o $@ .

define _wm_go_rule
$(call _wm_go_file,$1): .FORCE | $(call after,clean)
	@mkdir -p $$(@D)
	$$(Q)GOOS=$(call _wm_goos,$1) GOARCH=$(call _wm_goarch,$1) $$(_wm_go_build) -o $$@ .
endef
$(foreach t,$(par_targets),$(eval $(call _wm_go_rule,$t)))
_wm_full_files := $(foreach t,$(par_targets),$(call _wm_go_file,$t))
_wm_full_pack := $(foreach t,$(par_targets),--bin $t=$(call _wm_go_file,$t))
else
# A finished executable.
$(call check-var-defined,BIN)
endif

_wm_files ?= $(bin_target0)
_wm_pack ?= $(if $(par_target0),--arch $(par_target0)) --binary $(bin_target0)

# --- pack: always asked, and the archive is left untouched when its bytes would be equal ------
# An archive made by par-full stays full, or the next push would drop what it had.
_wm_mark := $(dest_par).full
_wm_full := $(if $(filter par-full,$(MAKECMDGOALS)),yes,$(if $(filter par,$(MAKECMDGOALS)),,$(wildcard $(_wm_mark))))

all:: $(dest_par)
par:: $(dest_par)
par-full: $(dest_par)

$(dest_par): $(if $(_wm_full),$(_wm_full_files),$(_wm_files)) .FORCE | $(call need,PARPACK)
	@$(call _wm_folder,$(@D))
	$(Q)$(PARPACK) create $(_wm_packed) $(_wm_claims) $(_wm_jwt) --destination $@ --compress $(PAR_FLAGS)
	@$(if $(_wm_full),touch,rm -f) $(_wm_mark)

_wm_packed = $(if $(_wm_full),$(_wm_full_pack),$(_wm_pack))
_wm_claims = --capid $(CAPABILITY_ID) --name $(NAME) --vendor $(VENDOR) --version $(VERSION) --revision $(REVISION)

# For all targets if par-full is asked for with it, or was before.
request: $(if $(_wm_full),$(_wm_full_files),$(_wm_files)) | $(call need,SIGNER) $(call need,PARPACK)
	@mkdir -p $(dir $(_wm_request))
	$(Q)$(SIGNER) token provider $(_wm_claims) $(filter-out --fast,$(PAR_FLAGS)) --hash "$$($(PARPACK) hash $(_wm_packed))" --unsigned >$(_wm_request)

# --- the loop ---------------------------------------------------------------------------------
push: $(dest_par) | $(call need,OCIPUSH) $(call need,REGISTRY) $(call after,up)
	$(Q)$(OCIPUSH) push $(oci_insecure) $(oci_url) $(dest_par)

start: push | $(call need,LATTICE) $(call after,up)
	$(Q)$(LATTICE) start provider $(oci_url) --link-name $(link_name) --timeout-ms $(START_TIMEOUT_MS)

# --- tests: each case has a process and a NATS server of its own; Go code natively first ------
provider-test: $(dest_par) | $(call need,LATTICE)
	$(if $(wildcard *_test.go),$(Q)$(GO) test ./...)
	$(Q)$(LATTICE) test-provider $(dest_par) $(if $(wildcard cases),--cases cases) \
		$(if $(wildcard provider_test_config.toml),--config provider_test_config.toml)

# Projects have rules of their own for `test`, with one colon or two: theirs stand alone.
ifeq ($(shell grep -ls '^\([^#:=]*[[:space:]]\)\{0,1\}test[[:space:]]*\([[:space:]][^:=]*\)\{0,1\}:' $(firstword $(MAKEFILE_LIST))),)
test:: provider-test
endif

# --- questions --------------------------------------------------------------------------------
inspect: $(dest_par) | $(call need,PARPACK)
	$(Q)$(PARPACK) inspect $(dest_par)

# One line on stdout whatever the build says, for $(shell make provider_id); a failure is one here.
provider_id: | $(call need,PARPACK)
	@$(MAKE) --silent $(dest_par) >&2
	@$(PARPACK) inspect $(dest_par) --output json | sed -n 's/^ *"service": "\(V[A-Z2-7]*\)",*$$/\1/p' | grep .

make-vars:
	@$(foreach v,PROJECT bin_name NAME VENDOR CAPABILITY_ID VERSION REVISION dest_par link_name oci_url oci_insecure par_targets,echo "$v: "$($v);)

# --- upstream's small ones --------------------------------------------------------------------
build::
	$(if $(wildcard Cargo.toml),$(CARGO) build,$(MAKE) $(_wm_files))

release::
	$(if $(wildcard Cargo.toml),$(CARGO) build --release,$(MAKE) $(_wm_files))

clean::
	$(if $(wildcard Cargo.toml),$(CARGO) clean)
	rm -rf $(if $(wildcard build/makefiles),,build) $(_wm_mark)

install-cross:
	$(CARGO) install cross

.PHONY: all par par-full request push start provider-test test inspect provider_id make-vars build release clean install-cross
endif
