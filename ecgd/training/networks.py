"""The three networks. TensorFlow is imported when one is built, and nowhere else."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from ecgd.model.network_label import HEADS
from ecgd.pipeline.model_inputs import FRAME_FIGURES, FRAMES, WINDOW_SAMPLES
from ecgd.pipeline.progression import FIGURES, ROWS

LEADS: Final = 6

SHAPES: Final = {
    "cnn": (WINDOW_SAMPLES, LEADS),
    "lstm": (FRAMES, FRAME_FIGURES),
    "rnn": (ROWS, FIGURES),
}
"""What each member sees, without the batch."""

BLOCKS: Final = ((24, 7), (32, 7), (48, 5), (64, 5), (64, 3))
STEM: Final = (16, 9)
"""The CNN's widths and lengths of kernel: every block halves the rate."""

FRAME_WIDTH: Final = 32
LSTM_UNITS: Final = 32
ROW_WIDTH: Final = 24
RNN_UNITS: Final = 24

DROPOUT: Final = {"cnn": 0.3, "lstm": 0.4, "rnn": 0.4}
DECAY: Final = {"cnn": 1e-4, "lstm": 1e-3, "rnn": 1e-3}
"""The two that see few figures learn them by heart sooner, and are held back more."""


def build(member: str, *, labels: int | None = None, for_export: bool = False) -> Any:
    """Return a Keras network that gives a logit for each label of its head, or for so many.

    ``for_export``: a batch of one, and recurrence written out step by step, which the converter
    needs. Both forms have the same weights in the same order.
    """
    keras = import_module("tensorflow").keras
    batch = {"batch_size": 1} if for_export else {}
    seen = keras.Input(SHAPES[member], name="seen", **batch)
    outcome = _BODIES[member](keras, seen, for_export)
    outcome = keras.layers.Dropout(DROPOUT[member])(outcome)
    logits = keras.layers.Dense(labels or len(HEADS[member]), name="logits")(outcome)
    return keras.Model(seen, logits, name=member)


def own_head(network: Any) -> Any:
    """Return a trained network with the logits of its own labels alone, which are its first."""
    own = build(network.name)
    *body, kernel, bias = network.get_weights()
    count = len(HEADS[network.name])
    own.set_weights([*body, kernel[:, :count], bias[:count]])
    return own


def _cnn(keras: Any, seen: Any, for_export: bool) -> Any:
    layers = keras.layers
    width, length = STEM
    x = _convolved(layers, seen, width, length, stride=2)
    x = layers.ReLU()(x)
    for width, length in BLOCKS:
        straight = _convolved(layers, x, width, 1, stride=2)
        x = layers.ReLU()(_convolved(layers, x, width, length, stride=2))
        x = layers.ReLU()(layers.Add()([straight, _convolved(layers, x, width, length)]))
    pooled = [layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)]
    return layers.Concatenate()(pooled)


def _convolved(layers: Any, x: Any, width: int, length: int, stride: int = 1) -> Any:
    x = layers.Conv1D(width, length, stride, padding="same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.95)(x)


def _lstm(keras: Any, seen: Any, for_export: bool) -> Any:
    layers = keras.layers
    x = layers.Conv1D(FRAME_WIDTH, 5, padding="same", activation="relu")(seen)
    x = layers.Conv1D(FRAME_WIDTH, 3, padding="same", activation="relu")(x)
    states = layers.LSTM(LSTM_UNITS, return_sequences=True, unroll=for_export)(x)
    pooled = [layers.GlobalAveragePooling1D()(states), layers.GlobalMaxPooling1D()(states)]
    return layers.Concatenate()(pooled)


def _rnn(keras: Any, seen: Any, for_export: bool) -> Any:
    layers = keras.layers
    x = layers.Dense(ROW_WIDTH, activation="relu")(seen)
    states = layers.SimpleRNN(RNN_UNITS, return_sequences=True, unroll=for_export)(x)
    return layers.Concatenate()([states[:, -1], layers.GlobalAveragePooling1D()(states)])


_BODIES: Final = {"cnn": _cnn, "lstm": _lstm, "rnn": _rnn}
