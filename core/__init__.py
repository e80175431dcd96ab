"""Colophon's product: which machine-made labels may enter a library's catalogue. Importable anywhere; draws nothing."""

__all__: list[str] = []
