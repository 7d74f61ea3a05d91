# common.mk: forwards targets to the folders named in `subdirs`; and holds what actor.mk,
# provider.mk and interface.mk have in common.
#
# subdirs       folders with Makefiles of their own
# top_targets   the targets that are forwarded
# REG_SERVER    passed on to each folder
#
# One rule per folder and target, where upstream's had a shell loop: a failure in any
# folder fails the whole, -k goes on with the others, and -j works on several at once.

ifndef _wm_dist
top_targets ?= all clean test lint validate
REG_SERVER  ?= localhost:5000

.DELETE_ON_ERROR:
.PHONY: all clean test lint validate

define _wm_forward
.PHONY: $(1) $(1)@$(2)
$(1):: $(1)@$(2)
$(1)@$(2):
	$$(MAKE) -C $(2) $(1) REG_SERVER=$$(REG_SERVER)
endef

$(foreach t,$(top_targets),$(foreach d,$(subdirs),$(eval $(call _wm_forward,$(t),$(d)))))

else
# The rest is for the includes, which say what is made ($(_wm_dist)) and where it is pushed
# ($(_wm_ref)).

CARGO    ?= cargo
GO       ?= go
WASH     ?= wash
KEYDIR   ?= .keys
REVISION ?= 0
# Asked for when a recipe first needs it, which is after `up`, and then kept.
REG_SERVER ?= $(eval REG_SERVER := $$(or $$(shell $(REGISTRY) address 2>/dev/null),localhost:5000))$(REG_SERVER)
START_TIMEOUT_MS ?= 15000

# The signer finds keys by itself (flag or environment, KEYDIR, ~/.wash/keys, the development
# key): no seed passes through a command line here.
export KEYDIR

check-var-defined = $(if $(strip $($1)),,$(error Required variable "$1" is not defined))

# $(call _wm_folder,FOLDER) makes it. A checkout may be one that nobody may write to.
_wm_folder = mkdir -p $1 || { echo "$1 cannot be made; if it is read-only, name files elsewhere by $(_wm_outputs)" >&2; exit 1; }

up: | $(call need,REGISTRY) $(call need,DEVHOST)
	$(Q)$(REGISTRY) up --any-port
	$(Q)$(DEVHOST) up --any-port

down: | $(call need,REGISTRY) $(call need,DEVHOST) $(call after,up push start call)
	$(Q)$(DEVHOST) down; host=$$?; $(REGISTRY) down && exit $$host

host: | $(call need,DEVHOST)
	$(Q)$(DEVHOST) run

registry: | $(call need,REGISTRY)
	$(Q)$(REGISTRY) serve

# What keeps all this from working, and how to mend it. It builds and starts nothing.
doctor: | $(call need,LATTICE) $(call need,REGISTRY)
	$(Q)$(LATTICE) doctor --registry $(or $(_wm_ref),$(REG_URL)) $(if $(_wm_interface),,$(wildcard $(_wm_dist)))

.FORCE:
.PHONY: up down host registry doctor .FORCE

ifndef _wm_interface # which cannot be run
# A token signed before, by whoever has the key. Where it fits no key is needed; where not the signer says why.
SIGNED_JWT ?= $(PROJECT).jwt
_wm_jwt = $(addprefix --jwt ,$(wildcard $(SIGNED_JWT)))
_wm_request = build/$(PROJECT).request.json

# The one step with a key, on 1 KiB that `request` wrote: it compiles nothing, so that none of what
# compiling runs has the key in its environment.
jwt: | $(call need,SIGNER) $(call after,request)
	@test -f $(_wm_request) || { echo "there is no $(_wm_request): \`make request\` writes it" >&2; exit 1; }
	$(Q)$(SIGNER) sign-request $(_wm_request) >$(_wm_request).jwt && mv $(_wm_request).jwt $(SIGNED_JWT)

# Until interrupted: build, put it in place of what runs in the host, run the cases, wait for an
# edit. Nothing is pushed, so no registry is needed.
WATCH ?= .
# Not spelled out in the recipe, which `make -n` would run then.
_wm_make = $(MAKE)
dev: | $(call need,DEVHOST) $(call need,LATTICE)
	$(Q)$(DEVHOST) up --any-port
	$(Q)$(LATTICE) dev $(_wm_dist) $(addprefix --watch ,$(WATCH)) $(if $(wildcard cases),--cases cases) $(_wm_dev_flags) -- $(_wm_make) $(_wm_dist)

inventory: | $(call need,LATTICE)
	$(Q)$(LATTICE) get inventory

drain: | $(call need,DRAIN) $(call need,REGISTRY)
	$(Q)$(DRAIN) $(_wm_ref)

target-path:
	@echo $(_wm_dist)
target-path-abs:
	@echo $(abspath $(_wm_dist))
target-file:
	@echo $(notdir $(_wm_dist))

keys: | $(call need,SIGNER)
	@$(SIGNER) keys doctor
	@echo "to make an account key of your own: $(SIGNER) keys init" >&2

check clippy doc:
	$(if $(wildcard Cargo.toml),$(CARGO) $@,$(GO) $(if $(filter doc,$@),doc,vet) .)

.PHONY: dev jwt inventory drain target-path target-path-abs target-file keys check clippy doc
endif
endif
