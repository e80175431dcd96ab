"""x"""
__all__=["register"]
def register(commands, common): pass
