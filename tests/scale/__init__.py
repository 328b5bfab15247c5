"""Many processes at once, on a real database, with a worker and the server killed."""
