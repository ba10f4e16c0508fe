"""What servers offer, in one catalogue, and typed tools of our own.

Owns names for models, search, costs and the tools that run in this process. Imports nothing by itself: every
command finds its servers through here, and few of them need a catalogue.
"""
