"""Sharing: a model or an export leaves the house with its card, and comes back verified.

======================  ============================================================================================
``model_card``          a model's card, of measured numbers and visibly unfilled parts
``dataset_card``        the same for an export bundle; ``label_card`` for a label set
``kept``                what a person wrote into a card
``check``               whether a card may be shared, found out without a network
``parcel``, ``push``    a folder or zip ready to be shared; on its way to the Hub
``gather``, ``verify``  what arrives, under rules and against its checksums; ``pull`` takes it in
``citation``            how to cite, CITATION.cff; ``zenodo``: the metadata of a deposit
======================  ============================================================================================

Import from the modules: this package loads nothing by itself.
"""

__all__: list[str] = []
