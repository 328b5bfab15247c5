"""A HeyMilo that runs locally. It shares nothing with the client, nor its mistakes."""
