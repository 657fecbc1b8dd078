"""A run's plain values -> text and page."""

from steelyard.report.page import to_html
from steelyard.report.text import to_text

__all__ = ["to_html", "to_text"]
