"""Files of weights for foundation models: small networks, drawn at random, in the real formats."""

import atexit
import shutil
import tempfile
from dataclasses import asdict
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGES = ("tabicl", "tabpfn")
COMMAND = "pip install -c constraints.txt -e '.[tabicl,tabpfn]' && pytest tests/model"
MISSING = f"not installed; {COMMAND}"
FILES = {
    ("tabpfn", "classifier"): "tabpfn-v3.5-20260909.safetensors",
    ("tabpfn", "regressor"): "tabpfn-v3.5-20260909.safetensors",
    ("tabicl", "classifier"): "tabicl-classifier-v2-20260212.ckpt",
    ("tabicl", "regressor"): "tabicl-regressor-v2-20260212.ckpt",
}


@cache
def weights() -> Path:
    """Return a folder with the default weights of each package that is installed."""
    folder = Path(tempfile.mkdtemp(prefix="weights-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if find_spec("tabpfn"):
        _write_tabpfn(folder / FILES["tabpfn", "classifier"])
    if find_spec("tabicl"):
        _write_tabicl(folder / FILES["tabicl", "classifier"], max_classes=10)
        _write_tabicl(folder / FILES["tabicl", "regressor"], max_classes=0)
    return folder


def _write_tabpfn(path: Path) -> None:
    from tabpfn.architectures import ARCHITECTURES
    from tabpfn.checkpoint import save_as_safetensors
    from tabpfn.constants import ModelVersion
    from tabpfn.inference_config import InferenceConfig

    heads = {"max_num_classes": 10, "num_buckets": 50, "nlayers": 1, "embed_dim": 16}
    parts = {"num_blocks": 1, "num_heads": 2}
    config, unused = ARCHITECTURES["tabpfn_v3_5"].parse_config(
        heads
        | {f"{stage}_{key}": parts[key] for stage in ("dist_embed", "feat_agg") for key in parts}
        | {"dist_embed_num_inducing_points": 4, "feat_agg_num_cls_tokens": 2, "icl_num_heads": 2}
        | {"decoder_head_dim": 8, "decoder_num_heads": 2, "fourier_encoding_num_frequencies": 2}
    )
    assert not unused
    network = ARCHITECTURES["tabpfn_v3_5"].get_architecture(config)
    inference = InferenceConfig.get_default("multiclass", ModelVersion.V2_5)
    content = {"state_dict": _drawn(network), "config": asdict(config)}
    names = {"architecture_name": "tabpfn_v3_5", "inference_config": asdict(inference)}
    save_as_safetensors(content | names, path)


def _write_tabicl(path: Path, max_classes: int) -> None:
    import torch
    from tabicl._model.tabicl import TabICL

    blocks = {f"{stage}_num_blocks": 1 for stage in ("col", "row", "icl")}
    heads = {f"{stage}_nhead": 2 for stage in ("col", "row", "icl")}
    small = {"embed_dim": 16, "num_quantiles": 19, "col_num_inds": 4, "row_num_cls": 2}
    config = {"max_classes": max_classes, **small, **blocks, **heads}
    torch.save({"config": config, "state_dict": _drawn(TabICL(**config))}, path)


def _drawn(network: Any) -> Any:
    """Return the network's state with every matrix drawn at random: some begin as zeros."""
    import torch

    generator = torch.Generator().manual_seed(1)
    for matrix in network.parameters():
        if matrix.ndim > 1:
            drawn = torch.randn(matrix.shape, generator=generator)
            matrix.data = drawn / matrix.shape[-1] ** 0.5
    return network.state_dict()
