"""The connection doctor: what keeps one server from working, found out in order.

Owns the checks, each with its remedy. Never contacts what may not be contacted, and never touches the connection that
stands but to ask it whether it answers.
"""

from .examination import examine
from .patient import Patient
from .report import report

__all__ = ["Patient", "examine", "report"]
