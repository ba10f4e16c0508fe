"""Calls that are kept: what was called last, and collections of saved calls that can be run and judged.

Owns the files of both, and what a saved call means. Never draws, and never talks to a server itself: whoever runs a
collection gives the function that makes a call.
"""
