"""Runs: what is selected from a datasource, and how."""
