"""Dropout of elements and of whole channels."""

from collections.abc import Callable
from typing import Any

from .context import Context
from .drafts import DROPOUT, Value
from .errors import refuse


def dropout(kind: str) -> Callable[[Context, Any], Value]:
    """The handler of a dropout of that kind."""

    def handler(context: Context, node: Any) -> Value:
        source = context.value(node, node.args[0])
        rate, training = node.args[1], context.argument(node, 2, "train", False)
        if training:
            refuse(node, "it drops in eval mode too; call it with training=self.training, or use nn.Dropout")
        if rate >= 1:
            refuse(node, f"a rate of {rate} drops everything")
        if rate == 0:
            return source
        source, drafts = context.opened(node, source, DROPOUT)
        for draft in drafts:
            channels = draft.shape and not source.is_flat  # of flattened maps each number is a feature
            draft.take(DROPOUT, None, dropout=rate, dropout_kind=kind if channels else "element")
        return source

    return handler


HANDLERS = {"dropout": dropout("element"), "feature_dropout": dropout("channel")}
