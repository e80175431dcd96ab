"""The report: the whole audit of one set of predictions in one self-contained HTML file that can be handed on."""

from core.report.content import ReportContent, build_content
from core.report.html import WrittenReport, render, write_report

__all__ = ["ReportContent", "WrittenReport", "build_content", "render", "write_report"]
