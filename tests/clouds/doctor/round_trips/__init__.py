"""Faults, and what the product tells to do about them."""
