import pytest
import torch
from torch import nn
from torch.nn import functional as F

from neurograph import NeuronGraph
from neurograph.errors import NeuroGraphError, OptionError
from search.datasets import Split, hold_out, load
from search.training import (
    DivergenceError,
    Trainer,
    TrainingOptions,
    batches,
    evaluate,
    exhausted,
    generator,
    learning_rate,
    make_optimizer,
    neurons_per_population,
    parameter_count,
)


def small_net(seed=0, dropout=0.0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Dropout(dropout), nn.Linear(8, 3))


def small_split(count=40, held=10):
    x = torch.randn(count + held, 6, generator=generator(1, "test"))
    y = torch.randint(0, 3, (count + held,), generator=generator(2, "test"))
    return Split(x[:count], y[:count], x[count:], y[count:])


def without_time(rows):
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_batches_are_a_permutation_that_only_seed_and_epoch_decide():
    first = list(batches(10, 4, seed=3, epoch=2))
    assert [len(batch) for batch in first] == [4, 4, 2]
    assert sorted(torch.cat(first).tolist()) == list(range(10))
    torch.manual_seed(99)
    assert torch.cat(first).tolist() == torch.cat(list(batches(10, 4, seed=3, epoch=2))).tolist()
    assert torch.cat(first).tolist() != torch.cat(list(batches(10, 4, seed=3, epoch=3))).tolist()
    assert torch.cat(first).tolist() != torch.cat(list(batches(10, 4, seed=2, epoch=3))).tolist()


def test_learning_rates_follow_their_schedules():
    constant, step = TrainingOptions(learning_rate=0.5), TrainingOptions(schedule="step", step_every=2, step_factor=0.5)
    cosine = TrainingOptions(schedule="cosine", epochs=4, learning_rate=1.0)
    assert [learning_rate(constant, epoch) for epoch in (1, 50)] == [0.5, 0.5]
    assert [learning_rate(step, e) / step.learning_rate for e in (1, 2, 3, 5)] == [1.0, 1.0, 0.5, 0.25]
    assert [learning_rate(cosine, e) for e in (1, 2, 3, 4)] == pytest.approx([1.0, 0.8535534, 0.5, 0.1464466])


def test_the_optimizer_has_what_the_options_say():
    parameters = list(small_net().parameters())
    sgd = make_optimizer(
        parameters, TrainingOptions(optimizer="sgd", learning_rate=0.2, momentum=0.7, weight_decay=0.1)
    )
    assert isinstance(sgd, torch.optim.SGD)
    assert {name: sgd.defaults[name] for name in ("lr", "momentum", "weight_decay")} == {
        "lr": 0.2,
        "momentum": 0.7,
        "weight_decay": 0.1,
    }
    assert isinstance(make_optimizer(parameters, TrainingOptions()), torch.optim.Adam)


def test_evaluate_is_exact_and_leaves_the_mode_alone():
    net, split = small_net(dropout=0.5), small_split()
    x, y = split.train_x, split.train_y
    net.train()
    loss, error = evaluate(net, x, y, batch_size=7)
    assert net.training
    net.eval()
    answers = net(x).detach()
    assert loss == pytest.approx(F.cross_entropy(answers, y).item(), rel=1e-6)
    assert error == pytest.approx(100 * (answers.argmax(1) != y).float().mean().item())
    assert not net.training
    assert evaluate(net, x, y) and not net.training
    with pytest.raises(ValueError, match="no examples"):
        evaluate(net, x[:0], y[:0])


def test_a_trainer_takes_the_steps_that_torch_would():
    """One epoch by hand, the same batches, ends in the same parameters bit for bit."""
    options = TrainingOptions(epochs=1, batch_size=16, optimizer="sgd", learning_rate=0.3, seed=5)
    net, split = small_net(), small_split()
    row = Trainer(net, split, options).run()[0]
    other, losses = small_net(), 0.0
    optimizer = torch.optim.SGD(other.parameters(), lr=0.3, momentum=0.9)
    for batch in batches(40, 16, seed=5, epoch=1):
        optimizer.zero_grad()
        loss = F.cross_entropy(other(split.train_x[batch]), split.train_y[batch])
        loss.backward()
        optimizer.step()
        losses += loss.item() * len(batch)
    for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    assert row["train_loss"] == pytest.approx(losses / 40)
    assert (row["validation_loss"], row["validation_error"]) == evaluate(net, split.validation_x, split.validation_y)
    assert row["learning_rate"] == 0.3
    assert row["parameters"] == 6 * 8 + 8 + 8 * 3 + 3


def test_runs_repeat_with_dropout_and_leave_the_global_generator_alone():
    options = TrainingOptions(epochs=3, batch_size=8, learning_rate=0.05)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    first = Trainer(small_net(dropout=0.5), small_split(), options).run()
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    second = Trainer(small_net(dropout=0.5), small_split(), options).run()
    assert without_time(first) == without_time(second)
    assert first[0]["train_loss"] != first[1]["train_loss"]


def test_a_run_cut_in_two_gives_the_same_numbers():
    options = TrainingOptions(epochs=6, batch_size=8, learning_rate=0.05, schedule="cosine")
    whole = Trainer(small_net(dropout=0.3), small_split(), options)
    whole.run()
    half = Trainer(small_net(dropout=0.3), small_split(), options)
    for _ in range(3):
        half.run_epoch()
    net = small_net(seed=8, dropout=0.3)
    net.load_state_dict(half.net.state_dict())
    optimizer = make_optimizer(net.parameters(), options)
    optimizer.load_state_dict(half.optimizer.state_dict())
    rest = Trainer(net, small_split(), options, optimizer=optimizer, rows=half.rows)
    assert without_time(rest.run()) == without_time(whole.rows)
    for one, other in zip(rest.net.parameters(), whole.net.parameters(), strict=True):
        assert torch.equal(one, other)


def test_every_epoch_trains_in_training_mode_at_its_learning_rate():
    options = TrainingOptions(epochs=2, schedule="step", step_every=1, optimizer="sgd", learning_rate=0.5)
    rates, modes = [], []
    net = small_net().eval()
    net.register_forward_hook(lambda module, x, y: modes.append(module.training) if y.requires_grad else None)
    trainer = Trainer(net, small_split(), options)
    trainer.optimizer.register_step_post_hook(lambda opt, *_: rates.append(opt.param_groups[0]["lr"]))
    trainer.run()
    assert rates == [0.5, 0.05]
    assert modes == [True, True]


def test_callbacks_see_every_epoch_in_order_and_may_edit():
    seen = []

    def edit(trainer, row):
        if row["epoch"] == 2:
            row["edit"] = "grew"

    def record(trainer, row):
        seen.append((row["epoch"], row["edit"], len(trainer.rows)))

    Trainer(small_net(), small_split(), TrainingOptions(epochs=3), callbacks=[edit, record]).run()
    assert seen == [(1, None, 1), (2, "grew", 2), (3, None, 3)]


def test_images_lie_as_the_options_say_and_training_is_the_same():
    split = small_split().mapped(lambda x: x.reshape(-1, 2, 3, 1).repeat(1, 1, 1, 4) if x.dim() > 1 else x)
    double, found = split.mapped(lambda x: x.double() if x.is_floating_point() else x), []
    for channels_last in (False, True):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Conv2d(2, 3, (3, 1)), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3)).double()
        net[0].register_forward_pre_hook(lambda _, x, last=channels_last: found.append(x[0].is_contiguous() != last))
        rows = Trainer(net, double, TrainingOptions(epochs=2, channels_last=channels_last)).run()
        found.append(rows[-1]["validation_loss"])
    losses = [value for value in found if isinstance(value, float)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert all(found)


def test_images_that_came_with_their_channels_innermost_stay_so():
    split = small_split().mapped(lambda x: x.reshape(-1, 2, 3, 1) if x.dim() > 1 else x)
    last = split.mapped(lambda x: x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x)
    trainer = Trainer(nn.Sequential(nn.Flatten(), nn.Linear(6, 3)), last, TrainingOptions())
    assert trainer.split.validation_x.stride() == last.validation_x.stride() != split.validation_x.stride()


def test_steps_in_bfloat16_leave_weights_and_evaluation_in_float32():
    seen, rows = [], {}
    for precision in ("float32", "bfloat16"):
        net = small_net()
        net[0].register_forward_hook(lambda module, x, y: seen.append((module.training, y.dtype)))
        rows[precision] = Trainer(net, small_split(), TrainingOptions(epochs=2, precision=precision)).run()
        assert {p.dtype for p in net.parameters()} == {torch.float32}
    assert set(seen) == {(True, torch.float32), (False, torch.float32), (True, torch.bfloat16)}
    assert rows["bfloat16"][-1]["train_loss"] == pytest.approx(rows["float32"][-1]["train_loss"], rel=0.01)


def test_a_loss_that_is_not_finite_stops_the_run_naming_the_epoch():
    called = []

    def spoil(trainer, row):
        called.append(row["epoch"])
        if row["epoch"] == 2:
            trainer.net[0].weight.data.fill_(float("nan"))

    trainer = Trainer(small_net(), small_split(), TrainingOptions(epochs=5), callbacks=[spoil])
    with pytest.raises(DivergenceError, match="train loss of epoch 3 is nan"):
        trainer.run()
    assert called == [1, 2]
    assert len(trainer.rows) == 2
    assert issubclass(DivergenceError, NeuroGraphError)


def test_without_held_out_examples_there_are_no_validation_numbers():
    row = Trainer(small_net(), small_split(held=0), TrainingOptions(epochs=1)).run()[0]
    assert row["validation_loss"] is row["validation_error"] is None


def rows_of(losses, edits=(), held=True):
    return [
        {"train_loss": loss, "validation_loss": loss if held else None, "edit": "grew" if at in edits else None}
        for at, loss in enumerate(losses)
    ]


@pytest.mark.parametrize("held", [True, False])
def test_patience_counts_from_the_best_epoch_or_the_last_edit(held):
    assert not exhausted(rows_of([3, 2, 2.5], held=held), 2)
    assert exhausted(rows_of([3, 2, 2.5, 2.1], held=held), 2)
    assert not exhausted(rows_of([3, 2, 2.5, 1.9], held=held), 2)
    assert not exhausted(rows_of([3, 2, 2.5, 2.1], edits={2}, held=held), 2)
    assert not exhausted(rows_of([1] * 50, held=held), 0)


def test_early_stop_ends_the_run():
    options = TrainingOptions(epochs=50, patience=3, learning_rate=1e-12)
    rows = Trainer(small_net(), small_split(), options).run()
    assert 4 <= len(rows) < 50


def test_it_learns_digits():
    split = hold_out(load("digits").flat(), 0.15)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    rows = Trainer(net, split, TrainingOptions(epochs=15, learning_rate=0.01)).run()
    assert rows[-1]["validation_error"] < 6.0
    assert rows[0]["validation_error"] > 2 * rows[-1]["validation_error"]


def test_sizes_come_from_the_graph_where_there_is_one():
    """A dense stage holds more slots than there are synapses; only trainable ones count."""
    graph = NeuronGraph()
    graph.add_population("a", 2, role="input")
    graph.add_population("b", 1, activation="prelu", bias=1.0, norm="batch")
    graph.add_population("c", 1, bias=1.0, trainable=False)
    graph.connect("a", "b", [[1.0], [2.0]])
    graph.connect("a", "c", [[1.0], [2.0]], trainable=False)
    graph.connect("b", "c", [[3.0]])
    net = nn.Linear(50, 50)
    net.graph = graph
    assert neurons_per_population(net) == {"a": 2, "b": 1, "c": 1}
    assert parameter_count(net) == (2 + 1) + 4  # weights; bias, slope, gamma and beta of b
    del net.graph
    assert neurons_per_population(net) == {}
    assert parameter_count(net) == 50 * 50 + 50


def test_an_unusable_device_is_refused_by_name():
    with pytest.raises(OptionError, match="device 'abacus' cannot be used here"):
        Trainer(small_net(), small_split(), TrainingOptions(device="abacus"))


@pytest.mark.gpu
def test_it_trains_on_cuda():
    trainer = Trainer(small_net(dropout=0.5), small_split(), TrainingOptions(epochs=2, device="cuda"))
    rows, again = trainer.run(), Trainer(small_net(dropout=0.5), small_split(), trainer.options).run()
    assert rows[0]["train_loss"] == pytest.approx(again[0]["train_loss"])
    assert next(trainer.net.parameters()).is_cuda
