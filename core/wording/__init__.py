"""What a curator reads of the numbers that core finds: for page, command line and report alike, a module a package."""

__all__: list[str] = []
