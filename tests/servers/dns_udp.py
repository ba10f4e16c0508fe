"""A real DNS server on loopback: UDP, the records a test writes down, and every question it was asked."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], Sequence[str]]
"""Texts of records by owner name (absolute) and type."""


@dataclass
class NameServer:
    port: int
    asked: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def name_server(records: Records, *, silent: bool = False) -> Generator[NameServer]:
    """Answers from ``records``; ``silent`` keeps every question and answers none."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(0.1)
    server = NameServer(listener.getsockname()[1])
    ended = threading.Event()

    def answer(wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        owner, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        server.asked.append((owner, kind))
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        texts = records.get((owner, kind))
        if texts:
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, list(texts)))
        elif not any(name == owner for name, _ in records):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply.to_wire()

    def serve() -> None:
        while not ended.is_set():
            try:
                wire, peer = listener.recvfrom(65_535)
            except TimeoutError:
                continue
            reply = answer(wire)
            if not silent:
                listener.sendto(reply, peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        thread.join(5)
        listener.close()
