# wasmcloud.mk: finds the tools. actor.mk, provider.mk and interface.mk include it; nobody needs to.
#
# Inside the repository the tools are built from its sources into bin/, each when it
# is first needed and again when a source changed. After `make install` they lie beside
# the includes. From a copied folder each is installed once, by `go install` at the
# version below, into the user's cache folder.
#
# WASMCLOUD_TOOLS       a folder of finished tools: nothing is built or installed then
# RULES_WASMCLOUD       the version installed by a copied folder: another patch release of this one
# V=1                   prints each command before it runs
# make upgrade          replaces a copied folder by that of the tools in use, of TO=v0.2.0 or of FROM=folder;
#                       it stops where somebody edited one, which FORCE=1 keeps as NAME.edited
#
# GNU Make 3.81, which macOS has, is enough.

_wm_version := v0.1.0
RULES_WASMCLOUD ?= $(_wm_version)

# Tools of another minor version may have other flags; they refuse to be called from here, and say so.
WASMCLOUD_INCLUDES := $(_wm_version)
export WASMCLOUD_INCLUDES

_wm_module := github.com/rules-wasmcloud/rules_wasmcloud
_wm_here := $(dir $(lastword $(MAKEFILE_LIST)))
_wm_cache := $(or $(WASMCLOUD_CACHE),$(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/rules_wasmcloud)
_wm_exe := $(if $(filter Windows_NT,$(OS)),.exe)
Q := $(if $(filter 1,$(V)),,@)

# A tool that fails must not leave half a file for the next run to trust.
.DELETE_ON_ERROR:

# Make writes "Entering directory" to stdout, where $(shell make actor_id) expects one line.
MAKEFLAGS += --no-print-directory

# Absolute where the path has no spaces (GNU Make splits every list at spaces), else as included.
_wm_root := $(if $(word 2,$(CURDIR)),$(_wm_here)../..,$(abspath $(_wm_here)../..))

ifneq ($(WASMCLOUD_TOOLS),)
WASMCLOUD_BIN := $(WASMCLOUD_TOOLS)

else ifneq ($(wildcard $(_wm_root)/tools/signer/main.go),)
WASMCLOUD_BIN := $(_wm_root)/bin
_wm_sources := $(filter-out %_test.go,$(wildcard $(addprefix $(_wm_root)/,go.mod go.sum *.go tools/*/*.go \
	internal/*/*.go internal/*/*/*.go internal/*/*/*/*.go sdk/*/*.go sdk/*/*/*.go)))
_wm_flags = -X $(_wm_module)/internal/cli.commit=$$(git -C $(_wm_root) rev-parse --short=12 HEAD 2>/dev/null)

# scaffold carries its templates and these files inside; the others must not be built again for an edited one.
_wm_template := $(wildcard $(addprefix $(_wm_root)/,.bazelversion rules/make/*.mk $(addprefix internal/commands/scaffold/templates/,*.tmpl */*.tmpl */*/*.tmpl)))
$(WASMCLOUD_BIN)/scaffold$(_wm_exe): $(_wm_template)

# smithy carries the models that all others import.
$(WASMCLOUD_BIN)/smithy$(_wm_exe): $(wildcard $(_wm_root)/internal/smithy/*/*.smithy)

# The linker leaves an equal file's time alone, make needs it moved.
$(WASMCLOUD_BIN)/%$(_wm_exe): $(_wm_sources)
	@echo "building the tool $*" >&2
	$(Q)cd $(_wm_root) && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $(_wm_flags)" -o bin/$(@F) ./tools/$* && touch bin/$(@F)

_wm_wash = $(WASMCLOUD_BIN)/wash-path/wash$(_wm_exe)
$(_wm_wash): $(_wm_sources)
	@echo "building the tool wash" >&2
	$(Q)cd $(_wm_root) && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $(_wm_flags)" -o bin/wash-path/$(@F) ./tools/wash && touch bin/wash-path/$(@F)

else ifneq ($(wildcard $(_wm_here)../../../bin/signer$(_wm_exe)),)
# Installed by `make install`: PREFIX/share/rules_wasmcloud/make beside PREFIX/bin.
WASMCLOUD_BIN := $(_wm_here)../../../bin
WASH_PATH ?= $(_wm_here)../wash-path

else
WASMCLOUD_BIN := $(_wm_cache)/tools/$(RULES_WASMCLOUD)

$(WASMCLOUD_BIN)/%$(_wm_exe):
	@echo "installing the tool $* $(RULES_WASMCLOUD)" >&2
	$(Q)CGO_ENABLED=0 GOBIN=$(WASMCLOUD_BIN) go install -trimpath $(_wm_module)/tools/$*@$(RULES_WASMCLOUD)

_wm_wash = $(WASMCLOUD_BIN)/wash-path/wash$(_wm_exe)
$(_wm_wash):
	@echo "installing the tool wash $(RULES_WASMCLOUD)" >&2
	$(Q)CGO_ENABLED=0 GOBIN=$(WASMCLOUD_BIN)/wash-path go install -trimpath $(_wm_module)/tools/wash@$(RULES_WASMCLOUD)
endif

# The front end with wash's own command names has a folder of its own: beside the other tools, on a
# PATH, it would be found in place of a wash that the user has. `PATH="$(make -s wash-path):$PATH"`
# asks for that, and so does a PUSH_REG_CMD that begins with the word wash.
WASH_PATH ?= $(WASMCLOUD_BIN)/wash-path
wash-path: | $(_wm_wash)
	@cd "$(WASH_PATH)" && pwd
.PHONY: wash-path

# $(call with-wash,COMMAND): quotes in it must stay as they are.
with-wash = $(if $(filter wash,$(firstword $(1))),PATH="$(WASH_PATH):$$PATH" )$(1)

# Each may be replaced by a command of the user's own.
SIGNER   ?= $(WASMCLOUD_BIN)/signer$(_wm_exe)
WASMFIX  ?= $(WASMCLOUD_BIN)/wasmfix$(_wm_exe)
COMPILE  ?= $(WASMCLOUD_BIN)/compile$(_wm_exe)
OCIPUSH  ?= $(WASMCLOUD_BIN)/ocipush$(_wm_exe)
REGISTRY ?= $(WASMCLOUD_BIN)/registry$(_wm_exe)
DEVHOST  ?= $(WASMCLOUD_BIN)/devhost$(_wm_exe)
LATTICE  ?= $(WASMCLOUD_BIN)/lattice$(_wm_exe)
DRAIN    ?= $(WASMCLOUD_BIN)/drain$(_wm_exe)
PARPACK  ?= $(WASMCLOUD_BIN)/parpack$(_wm_exe)
SMITHY   ?= $(WASMCLOUD_BIN)/smithy$(_wm_exe)
SCAFFOLD ?= $(WASMCLOUD_BIN)/scaffold$(_wm_exe)

# $(call need,SIGNER): the file to build before the tool can run; none for a replaced tool.
need = $(filter $(WASMCLOUD_BIN)/%,$(firstword $($(1))))
# $(call after,up push): which of these goals were asked for in the same run; with -j they must end first.
after = $(filter $(1),$(MAKECMDGOALS))

# Tools of the new version have the new includes in them: those of TO, or those in use, or on PATH.
ifneq ($(filter upgrade,$(MAKECMDGOALS)),)
ifneq ($(TO),)
_wm_scaffold := $(_wm_cache)/tools/$(TO)/scaffold$(_wm_exe)
else
_wm_scaffold := $(or $(if $(WASMCLOUD_TOOLS)$(FROM),,$(shell command -v scaffold 2>/dev/null)),$(SCAFFOLD))
endif
endif
upgrade: | $(if $(filter $(_wm_scaffold),$(SCAFFOLD)),$(call need,SCAFFOLD))
	$(if $(TO),$(Q)CGO_ENABLED=0 GOBIN=$(dir $(_wm_scaffold)) go install -trimpath $(_wm_module)/tools/scaffold@$(TO))
	$(Q)WASMCLOUD_INCLUDES= $(_wm_scaffold) upgrade $(_wm_here) $(if $(FROM),--from $(FROM)) $(if $(filter 1,$(FORCE)),--force)

.PHONY: upgrade
