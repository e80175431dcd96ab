"""x"""


def show(a, b):
    pass
