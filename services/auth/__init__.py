"""Logging in to MCP servers: discovery, registration, flow, tokens and where they are kept.

Owns MCP's own rules of authorization (protocol sections 37 to 39); the mechanics of OAuth are Authlib's, behind
``mechanics``. Knows no transport and no session: transports see an ``Authorizer`` (``seam``), and whoever takes a
person through a login is a ``Hands`` (``kinds``). Nothing of this is imported before a server wants a login or a
stored one is looked for.
"""
