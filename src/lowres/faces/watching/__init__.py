"""How people and programs hear of a watch: a table, a page, a webhook, Prometheus, a log."""
