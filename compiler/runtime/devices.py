"""Which devices there are to compute on, asked before anything is made."""

from typing import Any

import torch

from neurograph.errors import OptionError


def usable_device(device: Any = None) -> torch.device:
    """A device that can hold numbers here.

    Parameters
    ----------
    device
        A torch.device or torch's words for one, such as "cpu", "cuda" or "cuda:1"; torch's default device where None.

    Raises
    ------
    OptionError
        Where torch knows no such device, this machine has none, or it holds no numbers ("meta").

    Examples
    --------
    >>> usable_device("cpu")
    device(type='cpu')
    """
    name = str(device) if isinstance(device, torch.device) else device
    try:
        found = torch.empty(0, device=None if device is None else torch.device(device)).device
    except Exception as error:  # torch raises what each backend comes up with
        reason = str(error).splitlines()[0].split(". ")[0][:200] if str(error) else type(error).__name__
        raise OptionError(f"device {name!r} cannot be used here: {reason.rstrip('.')}. device=cpu always can") from None
    if found.type == "meta":
        raise OptionError(f"device {str(found)!r} holds no numbers: device=cpu always can")
    return found
