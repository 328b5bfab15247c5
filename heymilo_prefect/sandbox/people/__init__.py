"""Simulated candidates, their interviews and reports."""
