"""How many copies of a model a cluster has room for, and what each of them takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Pool", "plan_pool"]


@dataclass(frozen=True)
class Pool:
    """Copies of a model on a cluster.

    Attributes
    ----------
    copies : int
    cores : int
        Threads that each copy calculates on; 1 where it has a graphics processor.
    gpu : bool
        Whether each copy has a graphics processor to itself.
    """

    copies: int
    cores: int
    gpu: bool = False

    @property
    def resources(self) -> dict[str, int]:
        """What each copy claims of its node, in Ray's words.

        One with a graphics processor claims no core: a node may have more of those than cores to spare.
        """
        return {"num_cpus": 0, "num_gpus": 1} if self.gpu else {"num_cpus": self.cores, "num_gpus": 0}

    @property
    def description(self) -> str:
        """What there is, for people."""
        each = "graphics processor" if self.gpu else "core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.copies:,} {'copy' if self.copies == 1 else 'copies'} of the model, one for each {each}"


def plan_pool(nodes: Sequence[Mapping[str, float]], *, need: int, wants_gpu: bool) -> Pool:
    """Plan one copy for each graphics processor, or else one for each core, or for a few cores where memory is short.

    Parameters
    ----------
    nodes : sequence of mappings
        What each node has, as Ray says it: ``CPU``, ``GPU``, ``memory`` (bytes).
    need : int
        Bytes of memory that a copy takes.
    wants_gpu : bool
        Whether the model runs on a graphics processor.

    Examples
    --------
    >>> plan_pool([{"CPU": 8, "GPU": 2, "memory": 1e10}, {"CPU": 4}], need=10**9, wants_gpu=True)
    Pool(copies=2, cores=1, gpu=True)
    >>> plan_pool([{"CPU": 8, "memory": 3e9}, {"CPU": 4, "memory": 3e9}], need=10**9, wants_gpu=False)
    Pool(copies=3, cores=3, gpu=False)
    """
    processors = sum(int(node.get("GPU", 0)) for node in nodes)
    if wants_gpu and processors:
        return Pool(processors, 1, gpu=True)
    cores = 1
    sizes = [int(node.get("CPU", 0)) for node in nodes]
    for node, size in zip(nodes, sizes, strict=True):
        if size:
            fit = min(size, max(1, int(node.get("memory", float("inf")) // need))) if "memory" in node else size
            cores = max(cores, -(-size // fit))
    copies = sum(size // cores for size in sizes)
    return Pool(max(1, copies), cores)
