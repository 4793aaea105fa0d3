"""What the same numbers depend on besides the options: versions and the thread count."""

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

_PACKAGES = ("neurograph-compiler", "torch", "numpy", "networkx", "scikit-learn", "safetensors")


def environment() -> dict[str, Any]:
    """The versions and the thread count of this process."""
    versions = {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}
    return {"versions": versions, "threads": torch.get_num_threads()}


def differences(config: dict[str, Any]) -> list[str]:
    """How this machine differs from the one a run was made on, in words; with none, numbers agree bit for bit."""
    now, then = environment(), config
    found = [
        f"{name} {then['versions'].get(name)} then, {found} now"
        for name, found in now["versions"].items()
        if then["versions"].get(name) != found
    ]
    if now["threads"] != then["threads"]:
        found.append(f"{then['threads']} threads then, {now['threads']} now")
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
