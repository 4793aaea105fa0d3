"""Settings to begin from: the paper's, one for two processor cores, and one to try things with."""

from typing import Any

from ..locations.options import PAPER as PAPER_SEARCH

_SGD = {"optimizer": "sgd", "nesterov": True, "clip": 5.0}
_IMAGES = {"crop": 4, "flip": True}
_PAPER_TRAINING = {
    **_SGD,
    **_IMAGES,
    "cutout": 16,
    "epochs": 310,
    "batch_size": 128,
    "learning_rate": 0.05,
    "least_rate": 0.001,
    "schedule": "restarts",
    "restart_after": 10,
    "restart_factor": 2,
    "weight_decay": 2.5e-4,
}
PAPER: dict[
    str, Any
] = {  # as printed, but for dropout in the last training; the width of what is trained is not printed
    "retrain_from": "drawn",
    "final_from": "drawn",
    "hierarchy": {"cutout": 16, "trained_channels": 96, "trained_widen": 2},
    "train": _PAPER_TRAINING,
    "prune": {**_PAPER_TRAINING, "schedule": "cosine", "epochs": 60, "ratio": 0.85, "settle": 20},
    "retrain": {**_PAPER_TRAINING, "schedule": "cosine", "epochs": 160},
    "locations": {**PAPER_SEARCH, "population": 20, "cycles": 300, "train_batches": 25, "evaluation_batches": 1},
    "directions": {**PAPER_SEARCH, "population": 20, "cycles": 300, "train_batches": 25, "evaluation_batches": 1},
    "final": {**_PAPER_TRAINING, "schedule": "cosine", "epochs": 260, "weight_decay": 2e-4},
}

_QUICK_TRAINING = {
    **_SGD,
    **_IMAGES,
    "channels_last": True,
    "batch_size": 64,
    "learning_rate": 0.05,
    "least_rate": 0.0005,
    "schedule": "cosine",
    "weight_decay": 2.5e-4,
}
QUICK: dict[str, Any] = {  # of cifar10:10000, under an hour on two cores
    "hierarchy": {
        "epochs": 12, "batch_size": 64, "layers": 6, "segments": 3, "channels": 16, "steps": 10, "asked": 10,
        "schedule": "cosine", "operations": ("conv3", "conv5"), "sampler_options": {"rate": 0.01},
    },
    "train": {**_QUICK_TRAINING, "epochs": 30},
    "prune": {**_QUICK_TRAINING, "epochs": 20, "learning_rate": 0.02, "ratio": 0.85, "settle": 10},
    "retrain": {**_QUICK_TRAINING, "epochs": 10, "learning_rate": 0.02},
    "batches": {"batch_size": 64, "evaluation_batch": 500},
    "addons": {"start": "drawn", "sensitivity": "deviation"},
    "locations": {**PAPER_SEARCH, "cycles": 12, "train_batches": 10, "evaluation": "shared"},
    "directions": {**PAPER_SEARCH, "cycles": 4, "train_batches": 10, "learning_rate": 0.02, "evaluation": "shared"},
    "final": {**_QUICK_TRAINING, "epochs": 40},
}  # fmt: skip

_DIGITS_TRAINING = {**_SGD, "batch_size": 64, "learning_rate": 0.05, "schedule": "cosine", "crop": 1}
DIGITS: dict[str, Any] = {  # of digits, a few minutes
    "kernels": (3,),
    "hierarchy": {
        "epochs": 4, "batch_size": 64, "layers": 4, "segments": 2, "channels": 8, "steps": 4, "asked": 5, "crop": 1,
        "flip": False, "schedule": "cosine", "operations": ("conv3", "conv5"), "finalists": 5, "rated_on": 64,
    },
    "train": {**_DIGITS_TRAINING, "epochs": 15},
    "prune": {**_DIGITS_TRAINING, "epochs": 10, "learning_rate": 0.02, "ratio": 0.8, "settle": 4},
    "retrain": {**_DIGITS_TRAINING, "epochs": 5, "learning_rate": 0.02},
    "batches": {"batch_size": 64, "evaluation_batch": 134, "crop": 1, "flip": False},
    "locations": {"population": 12, "survivors": 6, "recombined": 3, "cycles": 4, "train_batches": 5},
    "directions": {"population": 10, "survivors": 5, "recombined": 3, "cycles": 2, "train_batches": 5},
    "final": {**_DIGITS_TRAINING, "epochs": 10, "learning_rate": 0.02},
}  # fmt: skip

PRESETS = {"paper": PAPER, "quick": QUICK, "digits": DIGITS}
