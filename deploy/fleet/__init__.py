"""The inventory as Prefect shows it: pool, queues, deployments, forms, limits, automations; see `seeding deploy`."""
