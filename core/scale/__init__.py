"""Scoring many titles: in parts that outlive a stop, on this computer or on a cluster of them.

The different titles of a corpus are divided into shards. Each is scored once, by the same function wherever it is done,
and kept on disk as soon as it is; a run that is stopped or killed goes on with those that are not there yet, on either
engine. Nothing here knows what a model is: whoever calls hands over a function from titles to probabilities.
"""

from core.scale.ray_engine import score_on_ray
from core.scale.shards import ProgressMeter, Shards, remove_old_shards, score_locally, shards_of

__all__ = ["ProgressMeter", "Shards", "remove_old_shards", "score_locally", "score_on_ray", "shards_of"]
