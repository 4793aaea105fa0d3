"""Every module of torch.nn with every option that changes what it computes: lifted right in both modes, or refused."""

import warnings

import pytest
import torch
from torch import nn

import compiler
from neurograph.errors import LiftError
from tests.compiler.lifting.roundtrip import inputs, shaken, train_alongside

ROWS, MAPS, LINES = (3, 4), (3, 4, 6, 6), (3, 4, 8)


def unmomented(norm: nn.Module) -> nn.Module:
    """A batch norm whose statistics train mode does not use, though they are there."""
    norm.track_running_stats = False
    return norm


# module, shape of what it reads; then what a refusal says, where it is refused.
CASES: dict[str, tuple] = {
    "Linear": (lambda: nn.Linear(4, 3), ROWS),
    "Linear bias=False": (lambda: nn.Linear(4, 3, bias=False), ROWS),
    "Bilinear": (lambda: nn.Bilinear(4, 4, 2), ROWS, "."),
    "Identity": (lambda: nn.Identity(), ROWS),
    "Flatten": (lambda: nn.Flatten(), MAPS, "flatten them outside"),
    "Flatten start_dim": (lambda: nn.Flatten(2), MAPS, "no flatten of everything"),
    "Unflatten": (lambda: nn.Unflatten(1, (1, 2, 2)), ROWS, "."),
    "Conv1d": (lambda: nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), LINES),
    "Conv1d same": (lambda: nn.Conv1d(4, 6, 3, padding="same", bias=False), LINES),
    "Conv2d": (lambda: nn.Conv2d(4, 6, (3, 2), stride=(1, 2), padding=(2, 0), dilation=(2, 1), groups=2), MAPS),
    "Conv2d valid": (lambda: nn.Conv2d(4, 6, 3, padding="valid", bias=False), MAPS),
    "Conv2d even same": (lambda: nn.Conv2d(4, 6, 2, padding="same"), MAPS, "even kernel"),
    **{
        f"Conv2d {mode}": (lambda mode=mode: nn.Conv2d(4, 6, 3, padding=1, padding_mode=mode), MAPS, "padding|pad")
        for mode in ("reflect", "replicate", "circular")
    },
    "Conv2d circular without padding": (lambda: nn.Conv2d(4, 6, 3, padding_mode="circular"), MAPS),
    "Conv1d circular": (lambda: nn.Conv1d(4, 6, 3, padding=1, padding_mode="circular"), LINES, "pad"),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 2, 3), MAPS, "there is conv1d and conv2d"),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), ROWS),
    "BatchNorm1d lines": (lambda: nn.BatchNorm1d(4, momentum=0.3), LINES),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4, eps=0.01, momentum=0.25), MAPS),
    "BatchNorm2d affine=False": (lambda: nn.BatchNorm2d(4, affine=False), MAPS),
    "BatchNorm2d momentum=0": (lambda: nn.BatchNorm2d(4, momentum=0.0), MAPS),
    "BatchNorm2d momentum=1": (lambda: nn.BatchNorm2d(4, momentum=1.0), MAPS),
    "BatchNorm2d momentum=None": (lambda: nn.BatchNorm2d(4, momentum=None), MAPS, "momentum=None"),
    "BatchNorm2d no statistics": (lambda: nn.BatchNorm2d(4, track_running_stats=False), MAPS, "track_running_stats"),
    "BatchNorm2d unused statistics": (lambda: unmomented(nn.BatchNorm2d(4)), MAPS, "other statistics or options"),
    "LayerNorm": (lambda: nn.LayerNorm(4), ROWS, "batch norm alone"),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), MAPS, "batch norm alone"),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(4), MAPS, "batch norm alone"),
    "InstanceNorm2d statistics": (lambda: nn.InstanceNorm2d(4, track_running_stats=True), MAPS, "batch norm alone"),
    "Dropout": (lambda: nn.Dropout(0.3), ROWS),
    "Dropout inplace": (lambda: nn.Dropout(0.3, inplace=True), ROWS),
    "Dropout of maps": (lambda: nn.Dropout(0.3), MAPS),
    "Dropout p=0": (lambda: nn.Dropout(0.0), ROWS),
    "Dropout p=1": (lambda: nn.Dropout(1.0), ROWS, "drops everything"),
    "Dropout1d": (lambda: nn.Dropout1d(0.3), LINES),
    "Dropout1d of rows": (lambda: nn.Dropout1d(0.3), ROWS, "unsqueeze"),
    "Dropout2d": (lambda: nn.Dropout2d(0.3), MAPS),
    "Dropout2d of rows": (lambda: nn.Dropout2d(0.3), ROWS),
    "Dropout flattened": (lambda: nn.Sequential(nn.Flatten(), nn.Dropout(0.3), nn.Linear(144, 2)), MAPS),
    "Dropout2d flattened": (lambda: nn.Sequential(nn.Flatten(), nn.Dropout2d(0.3), nn.Linear(144, 2)), MAPS),
    "Dropout2d one pixel": (
        lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Dropout2d(0.3), nn.Flatten(), nn.Linear(4, 2)),
        MAPS,
    ),
    "AlphaDropout": (lambda: nn.AlphaDropout(0.3), ROWS, "use nn.Dropout"),
    "FeatureAlphaDropout": (lambda: nn.FeatureAlphaDropout(0.3), MAPS, "use nn.Dropout"),
    "MaxPool1d": (lambda: nn.MaxPool1d(3, 2, 1, dilation=2), LINES),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, stride=2, padding=1), MAPS),
    "MaxPool2d ceil": (lambda: nn.MaxPool2d(4, stride=3, ceil_mode=True), MAPS),
    "MaxPool2d dilated": (lambda: nn.MaxPool2d((2, 3), 1, dilation=(2, 1)), MAPS),
    "AvgPool1d": (lambda: nn.AvgPool1d(3, 2, 1, count_include_pad=False), LINES),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, 1), MAPS),
    "AvgPool2d ceil": (lambda: nn.AvgPool2d(4, 3, ceil_mode=True), MAPS),
    "AvgPool2d without padding": (lambda: nn.AvgPool2d(3, 2, 1, count_include_pad=False), MAPS),
    "AvgPool2d divisor": (lambda: nn.AvgPool2d(2, divisor_override=3), MAPS, "divisor_override"),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((3, None)), MAPS),
    "AdaptiveAvgPool2d uneven": (lambda: nn.AdaptiveAvgPool2d(4), MAPS, "different sizes"),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(2), MAPS),
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(2), LINES),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), MAPS, "."),
    "FractionalMaxPool2d": (lambda: nn.FractionalMaxPool2d(2, output_size=3), MAPS, "."),
    "ZeroPad2d": (lambda: nn.ZeroPad2d(1), MAPS, "padding of pixels"),
    "ReflectionPad2d": (lambda: nn.ReflectionPad2d(1), MAPS, "."),
    "Upsample": (lambda: nn.Upsample(scale_factor=2), MAPS, "."),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), MAPS, "."),
    "ReLU": (lambda: nn.ReLU(), ROWS),
    "ReLU inplace": (lambda: nn.ReLU(inplace=True), MAPS),
    "ReLU6": (lambda: nn.ReLU6(), ROWS),
    "LeakyReLU": (lambda: nn.LeakyReLU(), ROWS),
    "LeakyReLU 0.2": (lambda: nn.LeakyReLU(0.2), ROWS),
    "LeakyReLU 0.2 of maps": (lambda: nn.LeakyReLU(0.2, inplace=True), MAPS),
    "LeakyReLU -1": (lambda: nn.LeakyReLU(-1.0), ROWS),
    "RReLU": (lambda: nn.RReLU(), ROWS, "drawn anew"),
    "PReLU": (lambda: nn.PReLU(4), MAPS),
    "PReLU of one": (lambda: nn.PReLU(), ROWS, "weight sharing"),
    "ELU": (lambda: nn.ELU(), ROWS),
    "ELU alpha": (lambda: nn.ELU(0.5), ROWS, "alpha"),
    "CELU": (lambda: nn.CELU(), ROWS),
    "CELU alpha": (lambda: nn.CELU(0.5), ROWS, "alpha"),
    "SELU": (lambda: nn.SELU(), ROWS),
    "GELU": (lambda: nn.GELU(), ROWS),
    "GELU tanh": (lambda: nn.GELU(approximate="tanh"), ROWS),
    "SiLU": (lambda: nn.SiLU(), ROWS),
    "Mish": (lambda: nn.Mish(), ROWS),
    "Softplus": (lambda: nn.Softplus(), ROWS),
    "Softplus beta": (lambda: nn.Softplus(beta=2.0), ROWS, "beta"),
    "Softplus threshold": (lambda: nn.Softplus(threshold=1.0), ROWS, "threshold"),
    "Softsign": (lambda: nn.Softsign(), ROWS),
    "Tanh": (lambda: nn.Tanh(), ROWS),
    "Tanhshrink": (lambda: nn.Tanhshrink(), ROWS),
    "Sigmoid": (lambda: nn.Sigmoid(), ROWS),
    "LogSigmoid": (lambda: nn.LogSigmoid(), ROWS),
    "Hardtanh": (lambda: nn.Hardtanh(), ROWS),
    "Hardtanh limits": (lambda: nn.Hardtanh(-2.0, 2.0), ROWS, "is no activation"),
    "Hardsigmoid": (lambda: nn.Hardsigmoid(), ROWS),
    "Hardswish": (lambda: nn.Hardswish(), MAPS),
    "Hardshrink": (lambda: nn.Hardshrink(), ROWS),
    "Hardshrink lambd": (lambda: nn.Hardshrink(0.1), ROWS, "lambd"),
    "Softshrink": (lambda: nn.Softshrink(), ROWS),
    "Softshrink lambd": (lambda: nn.Softshrink(0.1), ROWS, "lambd"),
    "Threshold": (lambda: nn.Threshold(0.1, 2.0), ROWS, "."),
    "GLU": (lambda: nn.GLU(1), ROWS, "."),
    "Softmax": (lambda: nn.Softmax(1), ROWS, "leave it to the loss"),
    "LogSoftmax": (lambda: nn.LogSoftmax(1), ROWS, "leave it to the loss"),
    "Softmin": (lambda: nn.Softmin(1), ROWS, "."),
    "LSTM": (lambda: nn.LSTM(4, 3), ROWS, "."),
    "ChannelShuffle": (lambda: nn.ChannelShuffle(2), MAPS, "."),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), MAPS, "."),
    "RMSNorm": (lambda: nn.RMSNorm(4), ROWS, "."),
}


@pytest.mark.parametrize("name", CASES)
def test_it_trains_as_the_module_does_or_is_refused(name):
    make, shape, *refusal = CASES[name]
    before = {2: nn.Linear(4, 4), 3: nn.Conv1d(4, 4, 1), 4: nn.Conv2d(4, 4, 1)}[len(shape)]
    module = shaken(nn.Sequential(before, make()))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="in train mode")
        if not refusal:
            train_alongside(module, inputs(*shape))
            return
        with pytest.raises(LiftError, match=refusal[0]):
            compiler.lift(module, inputs(*shape))


def test_a_constant_slope_is_no_parameter():
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.LeakyReLU(0.2), nn.Linear(3, 2))
    net = compiler.compile(train_alongside(shaken(module), inputs(5, 4)))
    assert not len(net.gradients("slope")[0])
    assert sum(p.numel() for p in net.parameters()) == sum(p.numel() for p in module.parameters())
    assert net.slots.gather(("slope", ())).tolist() == pytest.approx([0.2] * 3)


def test_the_table_has_every_activation_dropout_norm_and_pool():
    rooms = (nn.modules.activation, nn.modules.dropout, nn.modules.batchnorm, nn.modules.pooling)
    known = {name.split()[0] for name in CASES}
    odd = {"MultiheadAttention", "Softmax2d", "SyncBatchNorm"}
    missing = {name for room in rooms for name in room.__all__ if "3d" not in name and "Lazy" not in name} - known - odd
    assert missing <= {"MaxUnpool1d", "MaxUnpool2d", "LPPool1d", "AdaptiveMaxPool1d"}


@pytest.mark.parametrize("frozen", [1, 2])
def test_a_part_frozen_in_eval_mode_is_not_silently_let_go(frozen):
    module = shaken(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.4))).train()
    module[frozen].eval()
    if frozen == 2:  # dropout that never drops is none
        assert all(not d["dropout"] for _, d in compiler.lift(module, inputs(*ROWS)).nodes(data=True))
        return
    with pytest.warns(UserWarning, match=r"keeps batch_norm in '1' \(BatchNorm1d\) in eval mode"):
        compiler.lift(module, inputs(*ROWS))
    assert module.training and not module[1].training


def test_a_batch_of_one_is_enough():
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Dropout(0.2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiler.lift(module, torch.zeros(1, 4))
