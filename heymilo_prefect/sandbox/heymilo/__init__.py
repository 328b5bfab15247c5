"""A local HeyMilo server, which shares no code with the client, so no mistake either."""
