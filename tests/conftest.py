"""The real servers are to be had from every test."""

pytest_plugins = ["tests.servers.fixtures"]
