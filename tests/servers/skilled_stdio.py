"""A server of one skill (SEP-2640), over stdio, that needs nothing but Python."""

from __future__ import annotations

import hashlib
import json
import sys

URI = "skill://a/SKILL.md"
TEXT = "---\nname: a\ndescription: d\n---\nDo this."
FILE = {"uri": URI, "size": len(TEXT), "digest": f"sha256:{hashlib.sha256(TEXT.encode()).hexdigest()}"}
SKILL = {"uri": URI, "frontmatter": {"name": "a", "description": "d"}, "resources": [FILE]}
ANSWERS = {
    "initialize": {
        "protocolVersion": "2025-11-25",
        "capabilities": {"resources": {}, "extensions": {"io.modelcontextprotocol/skills": {}}},
        "serverInfo": {"name": "skilled", "version": "1"},
    },
    "skills/get": {"skill": SKILL},
    "resources/read": {"contents": [{"uri": URI, "mimeType": "text/markdown", "text": TEXT}]},
}

for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    if message["method"] in ANSWERS:
        reply["result"] = ANSWERS[message["method"]]
    else:
        reply["error"] = {"code": -32601, "message": "Method not found"}
    print(json.dumps(reply), flush=True)
