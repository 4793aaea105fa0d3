"""Where in the user's source an operator comes from, and what is said when it cannot be lifted."""

import re
import traceback
from pathlib import Path
from typing import Any, NoReturn

import torch

from neurograph.errors import LiftError

_FRAME = re.compile(r'File "(.+?)", line (\d+), in \S+\n\s*(.*)')
_TORCH = str(Path(torch.__file__).parent)
_HERE = str(Path(__file__).parent)


def operator(node: Any) -> str:
    """The name of a traced operator: "conv2d" of aten.conv2d.default, in place or not."""
    name = str(node.target).removeprefix("aten.").split(".")[0]
    return name[:-1] if in_place(node) else name


def in_place(node: Any) -> bool:
    """Whether an operator writes over its first argument."""
    name = str(node.target).removeprefix("aten.").split(".")[0] if node.op == "call_function" else ""
    return name.endswith("_") and not name.endswith("__")


def place(node: Any) -> str:
    """The line of the module's own source that called an operator, as " at file.py:12 (code)"; empty where unknown."""
    frames = [frame for frame in _FRAME.findall(node.meta.get("stack_trace") or "") if not frame[0].startswith(_TORCH)]
    return _place(*frames[-1]) if frames else ""


def place_of(error: BaseException) -> str:
    """The same for an exception that was raised while a module was traced."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((_TORCH, _HERE, "<"))
    ]
    return _place(frames[-1].filename, str(frames[-1].lineno), frames[-1].line or "") if frames else ""


def _place(file: str, line: str, code: str) -> str:
    return f" at {Path(file).name}:{line} ({code.strip()})"


def module_of(node: Any) -> tuple[str, str]:
    """Path and class of the module that called an operator."""
    stack = node.meta.get("nn_module_stack") or {}
    return list(stack.values())[-1] if stack else ("", "")


def refuse(node: Any, why: str) -> NoReturn:
    """Raise `LiftError` naming the operator, its line, its module and why it cannot be lifted."""
    path, kind = module_of(node)
    within = f" in {path!r} ({str(kind).rsplit('.', 1)[-1]})" if path else ""
    raise LiftError(f"cannot lift {operator(node)}{place(node)}{within}: {why}")
