"""The report: the whole audit of one set of predictions in one self-contained HTML file that can be handed on."""

from core.report.content import ReportContent, gather
from core.report.html import render
from core.report.write import Written, write_report

__all__ = ["ReportContent", "Written", "gather", "render", "write_report"]
