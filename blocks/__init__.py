"""Block documents and automations as code."""
