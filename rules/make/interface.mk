# interface.mk: rules for interfaces, Smithy models with the code for them. Set variables, include
# this, add rules of your own.
#
# Wanted for Go code and for `publish`; a project with rust/ alone needs none
#   PROJECT         short name, which is also that of the Go package
#   VERSION         for example 0.1.0
# Optional
#   project_dir     absolute, this folder
#   codegen_config  $(project_dir)/codegen.toml, which says where the models are
#   go_target       the Go code, $(PROJECT)/$(PROJECT).go; empty for none. Tests of it come beside it
#   REG_URL         where the models are published, $(REG_SERVER)/$(PROJECT)-interface:$(VERSION)
#   REG_SERVER      the registry that `make up` started, else localhost:5000
#   dest_bundle     what is published, build/$(PROJECT).tar
#   LINT_FLAGS VALIDATE_FLAGS GEN_FLAGS DIFF_FLAGS PUSH_FLAGS     more for the tools: --bare-messages
#   CARGO_PUBLISH_FLAGS     --dry-run
#   CARGO GO        for code;  WASH  for your own rules;  html_target  a folder whose pages `clean` removes
#   subdirs         folders with Makefiles of their own, to which top_targets are forwarded
#
# Targets
#   all             the Go code, and what rust/ holds by cargo
#   lint validate   what is bad for wasmCloud; what is no good Smithy
#   test            tests of the generated code and what else lies beside it; cargo's in rust/
#   fmt             writes the models in the one form
#   publish         all of these, nothing that breaks the last release, and then to the registry; a crate by cargo
#   up down host registry     a registry, and a host, in the background or here;  doctor  what keeps it from working
#   clean clippy make-vars

all:: # the default goal, whatever the includes below hold

include $(dir $(lastword $(MAKEFILE_LIST)))wasmcloud.mk

ifneq ($(subdirs),)
top_targets ?= all build clean lint validate test
include $(_wm_here)common.mk
else

html_target    ?= html
project_dir    ?= $(abspath $(shell pwd))
codegen_config ?= $(project_dir)/codegen.toml
dest_bundle    ?= build/$(PROJECT).tar
REG_URL        ?= $(REG_SERVER)/$(PROJECT)-interface:$(VERSION)

_wm_dist = $(dest_bundle)
_wm_interface := yes
include $(_wm_here)common.mk

_wm_models := $(wildcard $(codegen_config))
_wm_rust := $(wildcard rust)
ifneq ($(and $(strip $(PROJECT)),$(_wm_models)),)
go_target ?= $(PROJECT)/$(PROJECT).go
endif
go_target ?=
_wm_smithy = $(Q)$(SMITHY) $1 --config $(codegen_config)

all:: $(go_target)
test:: $(go_target)

# --- code: always asked for, models may lie elsewhere; left untouched when it would be equal ----
# `clean` leaves it: it is source to those who import it, and belongs into the repository.
ifneq ($(strip $(go_target)),)
$(go_target): .FORCE | $(call need,SMITHY) $(call after,fmt)
	$(call _wm_smithy,gen) --package $(PROJECT) $(GEN_FLAGS) --out $@ --test-out $(@:.go=_test.go)

test::
	$(Q)$(GO) test ./$(dir $(go_target))...
endif

ifneq ($(_wm_rust),)
all:: | $(call after,clean)
	cd rust && $(CARGO) build

test clean clippy::
	cd rust && $(CARGO) $@
endif

# --- models -------------------------------------------------------------------------------------
lint validate:: | $(if $(_wm_models),$(call need,SMITHY) $(call after,fmt))
	$(if $(_wm_models),$(call _wm_smithy,$@) $(if $(filter lint,$@),$(LINT_FLAGS),$(VALIDATE_FLAGS)))

fmt:: | $(if $(_wm_models),$(call need,SMITHY))
	$(if $(_wm_models),$(call _wm_smithy,fmt))

# Nothing leaves this machine before everything has passed; cargo comes last, because what it has
# published it does not publish again, and a push can be repeated.
publish: all lint validate test | $(call need,SMITHY) $(call need,OCIPUSH) $(call need,REGISTRY) $(call after,up clean)
	$(foreach v,PROJECT VERSION,$(call check-var-defined,$v))@mkdir -p $(dir $(dest_bundle))
	$(call _wm_smithy,fmt) --check
	$(call _wm_smithy,diff) --release-of $(REG_URL) $(DIFF_FLAGS)
	$(call _wm_smithy,bundle) --out $(dest_bundle)
	$(Q)$(OCIPUSH) push $(PUSH_FLAGS) $(REG_URL) $(dest_bundle)
	$(if $(wildcard rust/Cargo.toml),cd rust && $(CARGO) publish $(CARGO_PUBLISH_FLAGS))

# --- upstream's small ones ----------------------------------------------------------------------
clippy:: ;

clean::
	rm -rf $(html_target)/*.html build

make-vars:
	@$(foreach v,PROJECT VERSION project_dir codegen_config go_target html_target dest_bundle REG_URL,echo "$v: "$($v);)

.PHONY: all lint validate test fmt publish clean clippy make-vars
endif
