"""Sharing: a model or an export leaves the house with its card, and comes back verified.

======================  ============================================================================================
``model_card``          a model's card, of measured numbers and visibly unfilled parts
``dataset_card``        the same for an export bundle and for a label set
``card_settings``       what a person wrote into a card, and whether a card may be shared, without a network
``wording``             the Markdown of cards, and the words of licences and tasks
``bundle``              a folder or zip ready to be shared, and what arrives, checked against its checksums
``push``, ``pull``      on its way to the Hub, and taken in from there; ``hub``: the Hub itself
``citation``            how to cite, CITATION.cff, and the metadata of a Zenodo deposit
======================  ============================================================================================

Import from the modules: this package loads nothing by itself.
"""

__all__: list[str] = []
