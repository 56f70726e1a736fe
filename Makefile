.PHONY: run cluster test long ui bench bench-peers fuzz lint screenshots

run: ## start the service on http://localhost:8080
	go run ./cmd/shenwei serve

cluster: ## three nodes with PostgreSQL, NATS and a balancer on http://localhost:8080
	./scripts/cluster.sh

test: ## everything that must hold before a change lands
	./scripts/test.sh

long: ## tests that take minutes
	./scripts/long.sh

ui: ## build web/dist from web/ui
	./scripts/ui.sh

bench: ## benchmarks
	./scripts/bench.sh

bench-peers: ## the same knowledge and questions through others (FILE=labelled.tsv)
	./scripts/bench-peers.sh $(FILE)

fuzz: ## every fuzz test for 30 seconds
	./scripts/fuzz.sh

lint: ## golangci-lint, the pinned version
	./scripts/lint.sh

screenshots: ## pictures of the product for docs/screens
	./scripts/screenshots.sh
