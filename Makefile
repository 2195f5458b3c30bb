# make check is what .ci/run does after the plain tests. Modules are found,
# never listed; each is checked on its own, without the workspace.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
MODULES     := $(sort $(patsubst %/,%,$(dir $(shell find . -name go.mod -not -path '*/testdata/*' -not -path './.git/*'))))
NESTED      := $(filter-out .,$(MODULES))

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
TOOLS       := $(abspath .tools)

export GOWORK := off

# How long each fuzz target runs in a check.
FUZZTIME    ?= 3s

.PHONY: check test fmt vet staticcheck tidy race fuzz vuln quickstart bench clean

check: fmt vet staticcheck tidy race fuzz vuln quickstart bench
	@echo "== all checks passed"

test:
	@for m in $(MODULES); do echo "== test $$m"; go -C $$m test ./...; done

fmt:
	@echo "== gofmt"
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not formatted:"; echo "$$bad"; exit 1; fi

vet:
	@for m in $(MODULES); do echo "== vet $$m"; go -C $$m vet ./...; done

$(TOOLS)/staticcheck:
	@GOBIN=$(TOOLS) go install $(STATICCHECK)

$(TOOLS)/govulncheck:
	@GOBIN=$(TOOLS) go install $(GOVULNCHECK)

staticcheck: $(TOOLS)/staticcheck
	@for m in $(MODULES); do echo "== staticcheck $$m"; (cd $$m && $(TOOLS)/staticcheck ./...); done

tidy:
	@for m in $(MODULES); do echo "== go mod tidy -diff $$m"; go -C $$m mod tidy -diff; done

race:
	@for m in $(MODULES); do echo "== test -race $$m"; go -C $$m test -race -timeout 20m ./...; done

fuzz:
	@for m in $(MODULES); do for d in $$(go -C $$m list -f '{{.Dir}}' ./...); do \
		for f in $$(cat $$d/*_test.go 2>/dev/null | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p'); do \
			echo "== fuzz $${d#$(CURDIR)/} $$f"; \
			go -C $$d test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) . >$(TOOLS)-fuzz 2>&1 || { cat $(TOOLS)-fuzz; exit 1; }; \
		done; done; done; rm -f $(TOOLS)-fuzz

# The database of vulnerabilities is a service; where it does not answer, that
# is said and the check goes on.
vuln: $(TOOLS)/govulncheck
	@for m in $(MODULES); do \
		echo "== govulncheck $$m"; \
		if out=$$(cd $$m && $(TOOLS)/govulncheck ./... 2>&1); then echo "$$out"; \
		elif grep -qiE 'vuln\.go\.dev|fetching vulnerabilities' <<<"$$out"; then \
			echo "NOT CHECKED for known vulnerabilities: the database does not answer"; \
		else echo "$$out"; exit 1; fi; \
	done

quickstart:
	@if [ -d examples/quickstart ]; then echo "== quickstart"; time go run ./examples/quickstart; fi

# The last line is the form that the documents show, in the workspace.
bench:
	@for s in $$(go -C bench run . list | cut -d' ' -f1); do echo "== bench $$s"; go -C bench run . $$s -short -json; done
	@GOWORK= go run ./bench list >/dev/null

clean:
	rm -rf $(TOOLS)
