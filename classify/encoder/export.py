"""From torch to the files that are served: ONNX in 8-bit integers, the tokenizer, and the check that both answer alike."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from classify.encoder.network import Network, Served
from classify.encoder.serve import MODEL, TOKENIZER
from classify.features import Floats

OPSET = 23  # the first that has attention and GELU as one operator each
QUANTISED = ["MatMul", "Gather"]  # the weights; products inside attention stay in floats
SAME = 2e-3  # fp32 ONNX and torch may differ by so much in a logit


def export_onnx(network: Network, path: Path) -> None:
    """The network in fp32 as ONNX: ids and mask (posts, tokens) -> what each token gives each label."""
    served = Served(network).eval().float()
    served.encoder.set_attn_implementation("sdpa")  # becomes ONNX's own operator for attention
    ids, mask = torch.randint(5, 50, (2, 9)), torch.ones((2, 9), dtype=torch.long)
    posts, tokens = torch.export.Dim("posts", min=1, max=4096), torch.export.Dim("tokens", min=2, max=512)
    shape = {0: posts, 1: tokens}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells of libraries for pictures that are not there
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "# The axis name", UserWarning)  # both inputs have the same axes
        torch.onnx.export(
            served,
            (ids, mask),
            path,
            input_names=["ids", "mask"],
            output_names=["each"],
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes={"ids": shape, "mask": shape},
            external_data=False,
            verbose=False,
        )


def quantise_onnx(plain: Path, small: Path) -> None:
    """Weights as 8-bit integers, one scale for each output of a matrix; sums are computed in integers when it runs."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
        quantize_dynamic(
            ready,
            small,
            op_types_to_quantize=QUANTISED,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )


def write_files(network: Network, tokenizer: object, folder: Path) -> float:
    """`model.onnx` and `tokenizer.json` in `folder`; returns the largest difference of a logit between torch and fp32 ONNX.

    Raises ValueError when that is more than SAME.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.onnx"
        export_onnx(network, plain)
        away = _difference(network, plain)
        if away > SAME:
            raise ValueError(f"导出的模型与训练出的模型答案不同: 最多相差 {away:.4f}，应不超过 {SAME}")
        quantise_onnx(plain, folder / MODEL)
    tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    return away


def _difference(network: Network, plain: Path) -> float:
    import onnxruntime

    draw = np.random.default_rng(0)
    sizes = (3, 9, 33)
    mask = torch.from_numpy(np.array([[i < size for i in range(max(sizes))] for size in sizes], np.int64))
    ids = torch.from_numpy(draw.integers(5, 50, tuple(mask.shape)))
    network.eval()
    with torch.no_grad():
        wanted: Floats = network(ids, mask).numpy()
    session = onnxruntime.InferenceSession(str(plain), providers=["CPUExecutionProvider"])
    (each,) = session.run(None, {"ids": ids.numpy(), "mask": mask.numpy()})
    return float(np.abs(each.sum(axis=1) - wanted).max())
