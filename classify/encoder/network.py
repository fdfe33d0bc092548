"""The encoder with its heads in torch, for training and export only."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel


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

    Raises OSError or ValueError of transformers if the folder holds no model that it knows.
    """
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    try:
        model = AutoModel.from_pretrained(base, local_files_only=True, add_pooling_layer=False, dtype=torch.float32)
    except TypeError:  # ELECTRA and others have no pooling layer to leave out
        model = AutoModel.from_pretrained(base, local_files_only=True, dtype=torch.float32)
    if layers is not None:
        stack = model.encoder.layer
        model.encoder.layer = nn.ModuleList([stack[index] for index in layers])
        model.config.num_hidden_layers = config.num_hidden_layers = len(layers)
    return model, config


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
