from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurograph.errors import OptionError
from search.datasets import Split
from search.options import read_options
from search.training import Trainer, TrainingOptions, batches, generator, learning_rate, make_optimizer
from search.training.tasks import loss_of


def small_net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))


def small_split():
    x = torch.randn(50, 6, generator=generator(1, "test"))
    y = torch.randint(0, 3, (50,), generator=generator(2, "test"))
    return Split(x[:40], y[:40], x[40:], y[40:])


def test_restarts_are_those_of_the_paper():
    """T_0 = 10 and T_mult = 2: restarts at 10, 30, 70, 150; 310 epochs in all, 0.05 down to 0.001."""
    options = TrainingOptions(schedule="restarts", learning_rate=0.05, least_rate=0.001, epochs=310)
    rates = [learning_rate(options, epoch) for epoch in range(1, 312)]
    assert [at for at, rate in enumerate(rates) if rate == 0.05] == [0, 10, 30, 70, 150, 310]
    assert rates[5] == pytest.approx((0.05 + 0.001) / 2)  # half of the first stretch
    assert rates[20] == pytest.approx((0.05 + 0.001) / 2)  # half of the second
    assert all(0.001 < rate <= 0.05 for rate in rates)
    assert all(a > b for a, b in pairwise(rates[150:310]))


def test_restarts_agree_with_torchs():
    options = TrainingOptions(
        schedule="restarts", learning_rate=0.3, least_rate=0.02, restart_after=3, restart_factor=3
    )
    optimizer = torch.optim.SGD(small_net().parameters(), lr=0.3)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=3, T_mult=3, eta_min=0.02)
    for epoch in range(1, 30):
        assert learning_rate(options, epoch) == pytest.approx(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()


def test_a_cosine_ends_above_its_least_rate():
    options = TrainingOptions(schedule="cosine", epochs=4, learning_rate=1.0, least_rate=0.5)
    assert [learning_rate(options, e) for e in (1, 3)] == pytest.approx([1.0, 0.75])


def trained(**options):
    net = small_net()
    row = Trainer(net, small_split(), TrainingOptions(epochs=1, batch_size=16, learning_rate=0.3, **options)).run()[0]
    return net, row


def test_nesterov_clipping_and_smoothing_are_torchs():
    """One epoch by hand, the same batches, ends in the same parameters bit for bit."""
    chosen = {"nesterov": True, "clip": 0.1, "label_smoothing": 0.2, "weight_decay": 0.01, "momentum": 0.8}
    net, row = trained(optimizer="sgd", **chosen)
    other, split, losses, norms = small_net(), small_split(), 0.0, []
    optimizer = torch.optim.SGD(other.parameters(), lr=0.3, momentum=0.8, weight_decay=0.01, nesterov=True)
    for batch in batches(40, 16, seed=0, epoch=1):
        optimizer.zero_grad()
        loss = F.cross_entropy(other(split.train_x[batch]), split.train_y[batch], label_smoothing=0.2)
        loss.backward()
        norms.append(nn.utils.clip_grad_norm_(other.parameters(), 0.1).item())
        optimizer.step()
        losses += loss.item() * len(batch)
    assert min(norms) > 0.1  # or nothing was clipped
    for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert row["train_loss"] == pytest.approx(losses / 40)


@pytest.mark.parametrize(
    "option", [{"clip": 0.1}, {"label_smoothing": 0.2}, {"nesterov": True}, {"weight_decay": 0.1}], ids=str
)
def test_each_option_alone_makes_a_difference(option):
    plain, changed = trained(optimizer="sgd")[0], trained(optimizer="sgd", **option)[0]
    assert not torch.equal(plain.state_dict()["0.weight"], changed.state_dict()["0.weight"])


def test_validation_does_not_smooth_labels():
    net, row = trained(label_smoothing=0.5)
    split = small_split()
    expected = F.cross_entropy(net(split.validation_x), split.validation_y).item()
    assert row["validation_loss"] == pytest.approx(expected, rel=1e-6)


def test_smoothed_targets_by_hand():
    answers, y = torch.tensor([[2.0, 0.0, -1.0]], dtype=torch.float64), torch.tensor([0])
    targets = torch.tensor([[0.7 + 0.1, 0.1, 0.1]])
    assert loss_of(answers, y, 0.3).item() == pytest.approx(-(targets * answers.log_softmax(1)).sum().item())


def test_options_that_do_not_go_together_are_refused():
    with pytest.raises(OptionError, match="nesterov needs optimizer=sgd"):
        TrainingOptions(nesterov=True)
    with pytest.raises(OptionError, match="nesterov needs .* momentum above 0"):
        TrainingOptions(nesterov=True, optimizer="sgd", momentum=0.0)
    with pytest.raises(OptionError, match=r"least_rate must be at most learning_rate=0\.01, not 0\.1"):
        TrainingOptions(learning_rate=0.01, least_rate=0.1)
    numbers = Split(torch.zeros(4, 6), torch.zeros(4, 3), torch.zeros(0, 6), torch.zeros(0, 3))
    with pytest.raises(OptionError, match="label_smoothing is for classes"):
        Trainer(small_net(), numbers, TrainingOptions(label_smoothing=0.1))


def test_settings_are_read_as_texts():
    read = read_options(TrainingOptions, settings=["flip=true", "cutout=16", "schedule=restarts", "clip=5"])
    assert (read.flip, read.cutout, read.schedule, read.clip) == (True, 16, "restarts", 5.0)


def test_nesterov_is_handed_to_the_optimizer():
    options = TrainingOptions(optimizer="sgd", nesterov=True)
    assert make_optimizer(small_net().parameters(), options).defaults["nesterov"]
    assert not make_optimizer(small_net().parameters(), TrainingOptions(optimizer="sgd")).defaults["nesterov"]
