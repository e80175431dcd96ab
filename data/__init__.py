"""What ships with Colophon: the invented library for the demonstration, and where published data are."""
