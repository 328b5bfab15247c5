"""What the sandbox promises to the tests and demos that stand on it."""
