# common.mk: forwards targets to the folders named in `subdirs`.
#
# subdirs       folders with Makefiles of their own
# top_targets   the targets that are forwarded
# REG_SERVER    passed on to each folder
#
# One rule per folder and target, where upstream's had a shell loop: a failure in any
# folder fails the whole, -k goes on with the others, and -j works on several at once.

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
