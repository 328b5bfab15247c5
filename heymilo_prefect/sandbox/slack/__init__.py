"""A local Slack server.

It validates blocks with the package's own `heymilo_prefect.slack.block_kit`. So a message that it
accepts proves only that the package agrees with itself; `tests/slack/test_documented_limits.py`
tests the rules apart from both, by the numbers in Slack's documentation.
"""
