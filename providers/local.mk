include ../../rules/make/wasmcloud.mk

PARPACK  ?= $(WASMCLOUD_BIN)/parpack$(_wm_exe)
REVISION ?= 0
REG_SERVER ?= $(eval REG_SERVER := $$(or $$(shell $(REGISTRY) address 2>/dev/null),localhost:5000))$(REG_SERVER)
REG_URL  ?= $(REG_SERVER)/$(PROJECT):$(VERSION)
link_name ?= default

all:: build/$(PROJECT).par.gz

build/$(PROJECT): .FORCE
	@mkdir -p build
	$(Q)CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o $@ .

build/$(PROJECT).par.gz: build/$(PROJECT) | $(call need,PARPACK)
	$(Q)$(PARPACK) create -b $< -c $(CAPABILITY_ID) -n $(NAME) -v $(VENDOR) --version $(VERSION) -r $(REVISION) --destination $@

push: build/$(PROJECT).par.gz | $(call need,OCIPUSH) $(call need,REGISTRY)
	$(Q)$(OCIPUSH) push $(REG_URL) $<

start: push | $(call need,LATTICE)
	$(Q)$(LATTICE) start provider $(REG_URL) --link-name $(link_name)

clean::
	rm -rf build
.FORCE:
.PHONY: all push start clean .FORCE
