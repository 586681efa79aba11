"""Requests that this server sends to addresses that applications name: keys, request objects, logout tokens.

Whoever may write a manifest must not reach through this server what they cannot reach themselves, so an address counts
by the IP that is connected to, after its name was resolved. Imports nothing of the server but the protocol's ports.
"""
