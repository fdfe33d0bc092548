"""The encoder with its heads in torch, for training and export only."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel
from transformers.utils import logging

KNOWN = "可用 BERT、RoBERTa、MacBERT、ELECTRA、XLM-R 等"


class Network(nn.Module):
    """Mean over the last layer's tokens -> BatchNorm -> dropout -> one linear layer for the labels of all heads.

    The pre-trained vectors are all alike: without the BatchNorm learning crawls. It is linear once trained, so what a label
    gets is the mean of what each token gives it: `tokens` returns that, and it serves as the reason for an answer.
    """

    def __init__(self, encoder: nn.Module, wide: int, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.norm = nn.BatchNorm1d(wide)
        self.drop = nn.Dropout(0.1)
        self.heads = nn.Linear(wide, labels)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (posts, labels) of token ids, or of what the frozen layers made of them (posts, tokens, wide), and their mask."""
        given = {"inputs_embeds": ids} if ids.is_floating_point() else {"input_ids": ids}
        hidden = self.encoder(**given, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        logits: torch.Tensor = self.heads(self.drop(self.norm(mean.float())))
        return logits

    def flat(self) -> tuple[torch.Tensor, torch.Tensor]:
        """BatchNorm and heads as one linear layer: (wide, labels) and (labels,)."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        weight = self.heads.weight * scale
        bias = self.heads.bias + self.heads.weight @ (self.norm.bias - self.norm.running_mean * scale)
        return weight.T.detach().contiguous(), bias.detach()


class Served(nn.Module):
    """What is exported: what each token gives each label, (posts, tokens, labels), padding nought; it sums to the logits."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.encoder = network.encoder
        weight, bias = network.flat()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        each = torch.matmul(hidden, self.weight) + self.bias
        weight = mask.unsqueeze(-1).to(each.dtype)
        given: torch.Tensor = each * weight / weight.sum(1, keepdim=True)
        return given


def read_encoder(base: Path, layers: Sequence[int] | None = None) -> tuple[nn.Module, Any]:
    """A local Hugging Face folder's encoder in fp32, with only the `layers` (indices) that are wanted, and its configuration.

    Raises FileNotFoundError or ValueError (Chinese) if the folder holds no encoder that can be trained here.
    """
    config = _config(base)
    model, told = _weights(base)
    stack = getattr(getattr(model, "encoder", None), "layer", None)
    if stack is None:
        raise ValueError(f"{base}/config.json: model_type = {config.model_type}，不是 BERT 一类的编码器，{KNOWN}")
    if lost := sorted(told["missing_keys"]):
        raise ValueError(f"{base}: 权重文件缺少 {len(lost)} 个参数 ({lost[0]} 等)，请换一份完整的模型")
    if layers is not None:
        if not layers or max(layers) >= len(stack) or min(layers) < 0:
            raise ValueError(
                f"{base}: 只有 {len(stack)} 层 (0 至 {len(stack) - 1})，没有要保留的第 {layers} 层，请改正 --layers"
            )
        model.encoder.layer = nn.ModuleList([stack[index] for index in layers])
        model.config.num_hidden_layers = config.num_hidden_layers = len(layers)
    return model, config


def _config(base: Path) -> Any:
    if not (base / "config.json").is_file():
        raise FileNotFoundError(f"{base}: 没有 config.json，不是 Hugging Face 模型目录，请改正 --base")
    try:
        return AutoConfig.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        kind = _said_kind(base)
        raise ValueError(f"{base}/config.json: model_type = {kind}，这个版本的 transformers 不认得，{KNOWN}") from error


def _said_kind(base: Path) -> str:
    try:
        return str(json.loads((base / "config.json").read_text(encoding="utf-8")).get("model_type", "(没有写)"))
    except (ValueError, AttributeError):
        return "(不是 JSON)"


def _weights(base: Path) -> tuple[nn.Module, Mapping[str, Any]]:
    """The model, and what transformers tells of loading it."""
    given = {"local_files_only": True, "dtype": torch.float32, "output_loading_info": True}
    logging.set_verbosity_error()  # it would list every head that is not needed here
    try:
        try:
            return AutoModel.from_pretrained(base, add_pooling_layer=False, **given)
        except TypeError:  # ELECTRA and others have no pooling layer to leave out
            return AutoModel.from_pretrained(base, **given)
    except Exception as error:  # each format of weights has errors of its own
        raise ValueError(f"{base}: 模型权重读不出来 ({str(error).splitlines()[0]})，请换一份完整的模型") from error


def longest(encoder: nn.Module) -> int:
    """As many tokens as it has positions for; those of RoBERTa's family begin behind the padding's."""
    first = getattr(encoder.embeddings, "padding_idx", -1) + 1
    return int(encoder.config.max_position_embeddings) - first


class _Given(nn.Module):
    """In place of the embeddings: what comes from the layers below is taken as it is."""

    def forward(self, inputs_embeds: torch.Tensor, **other: Any) -> torch.Tensor:
        return inputs_embeds


def split(encoder: nn.Module, frozen: int) -> tuple[nn.Module, nn.Module]:
    """The lowest `frozen` layers with the embeddings, and the layers above, which take the hidden states of the former."""
    stack = list(encoder.encoder.layer)
    below = _with_layers(encoder, stack[:frozen])
    above = _with_layers(encoder, stack[frozen:])
    above.embeddings = _Given()
    if hasattr(above, "embeddings_project"):  # of ELECTRA, whose embeddings are narrower than its layers
        above.embeddings_project = nn.Identity()
    return below, above


def join(below: nn.Module, above: nn.Module) -> nn.Module:
    """The reverse of `split`."""
    return _with_layers(below, [*below.encoder.layer, *above.encoder.layer])


def _with_layers(encoder: nn.Module, layers: Sequence[nn.Module]) -> nn.Module:
    """A copy with these layers."""
    other = copy.deepcopy(encoder)
    other.encoder.layer = nn.ModuleList(layers)
    other.config.num_hidden_layers = len(layers)
    return other


def depth(name: str, layers: int) -> int:
    """How many layers lie between a parameter of the encoder and the heads: its learning rate decays with them."""
    parts = name.split(".")
    if "layer" in parts and parts[parts.index("layer") + 1].isdigit():
        return layers - int(parts[parts.index("layer") + 1])
    return layers + 1 if "embeddings" in parts else 0
