"""Sharing: a model or an export leaves the house with its card, and comes back verified.

======================  ============================================================================================
``cards``               the cards of a model, an export bundle and a label set: measured numbers, visibly unfilled parts
``card_text``           the Markdown of cards, the words of licences and tasks, people's words, how to cite
``bundle``              a folder ready to be shared, with its card; and what arrives, checked against its checksums
``push``, ``pull``      on its way to the Hub, and taken in from there
======================  ============================================================================================

Import from the modules: this package loads nothing by itself.
"""

__all__: list[str] = []
