"""Figures of this machine: measured once, kept, read back, and used where a step takes a millisecond or more."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

import compiler
from compiler.lowering import REGIONS, REGISTRY, SHIPPED
from compiler.lowering.rates import GATHER, Rates
from compiler.lowering.region import RegionSpec
from compiler.lowering.spec import BundleSpec
from compiler.planning import calibration, cost, measuring
from compiler.planning.calibration import as_plain, current, of_this_machine, using
from compiler.planning.cost import CPU, CUDA, rates_of
from compiler.regions.windows import Window
from neurograph.builders import mlp
from neurograph.edits import Proliferate
from neurograph.errors import OptionError

OURS = CPU.with_rates("ours", dense_product=1e-6)  # sparse products are always cheaper


@pytest.fixture
def measures(monkeypatch, tmp_path):
    """How often this machine was measured, in a cache of the test's own."""
    counted = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(calibration.SWITCH, raising=False)
    monkeypatch.setattr(
        measuring,
        "measured",
        lambda name, device="cpu": counted.append(name) or replace(OURS, name=name, device=device),
    )
    calibration.forget()
    yield counted
    calibration.forget()


def test_a_machine_is_measured_once_and_kept(measures):
    first = of_this_machine()
    calibration.forget()  # as in another process
    assert of_this_machine() == first and first.dense_product == OURS.dense_product and len(measures) == 1
    found = json.loads(calibration.kept_at().read_text())
    assert found["machine"]["threads"] == torch.get_num_threads() and found["machine"]["versions"]["torch"]
    assert set(found["figures"]) == {"name", *CPU.rates}


def test_each_number_of_threads_has_figures_of_its_own(measures):
    before = torch.get_num_threads()
    of_this_machine()
    try:
        torch.set_num_threads(before + 1)
        of_this_machine()
    finally:
        torch.set_num_threads(before)
    assert len(measures) == 2 and of_this_machine().name == measures[0]


def _damages():
    def other(found):
        found["machine"]["processor"] = "another"

    def figure(name, value):
        return lambda found: found["figures"].update({name: value})

    yield from (other, lambda found: found.pop("figures"), lambda found: found.update(format=99))
    yield from (lambda found: found["figures"].pop("dense_call"), figure("dense_gall", 1.0))
    yield from (figure("dense_call", value) for value in (-1.0, float("nan"), "fast", None, True))
    yield figure("name", 7)


@pytest.mark.parametrize("damage", [*_damages(), "cut", "[]", ""])
def test_figures_that_are_damaged_or_of_another_machine_are_measured_again_with_one_warning(measures, damage):
    of_this_machine()
    path = calibration.kept_at()
    found = json.loads(path.read_text())
    if callable(damage):
        damage(found)
        path.write_text(json.dumps(found))
    else:
        path.write_text(path.read_text()[:40] if damage == "cut" else damage)
    calibration.forget()
    with pytest.warns(RuntimeWarning, match="measured again") as warned:
        again = of_this_machine()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert of_this_machine() == again
        calibration.forget()
        assert of_this_machine() == again
    assert len(warned) == 1 and len(measures) == 2 and str(path) in str(warned[0].message)


def test_where_nothing_can_be_kept_nothing_is_measured(measures, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert of_this_machine() == CPU and not measures


def test_a_file_of_figures_can_be_named(measures, monkeypatch, tmp_path):
    of_this_machine()
    kept = tmp_path / "figures.json"
    calibration.kept_at().rename(kept)
    monkeypatch.setenv(calibration.SWITCH, str(kept))
    assert of_this_machine().name == measures[0] and len(measures) == 1
    kept.write_text("{}")
    calibration.forget()
    with pytest.raises(OptionError, match=r'damaged.*name a file of figures, or "shipped"'):
        of_this_machine()


def test_figures_in_use_hold_within_their_block():
    inner = CPU.with_rates("inner")
    with using(lambda outer: OURS):
        assert current() == OURS and current("cuda") == CUDA
        with using(lambda outer: inner.with_rates(dense_call=outer().dense_product)):
            assert current().dense_call == OURS.dense_product
        assert current() == OURS
    assert current() == CPU


def test_only_steps_of_a_millisecond_and_more_are_planned_by_measured_figures():
    asked = []

    def source(outer):
        asked.append(1)
        return OURS

    with using(source):
        small = compiler.compile(mlp([20, 20, 4], seed=0))
        assert small.program.calibration == CPU and not asked
        graph = mlp([300, 300, 4], seed=0)
        net = compiler.compile(graph, batch_size=1024)
        lowerings = [product.lowering for stage in net.program.stages for product in stage.products]
        assert net.program.calibration == OURS and "dense" not in lowerings and asked
        assert "(ours)" in net.report()
        given = compiler.compile(mlp([300, 300, 4], seed=0), batch_size=1024, calibration=CPU)
        assert given.program.calibration == CPU
        graph.apply(Proliferate("hidden1", 2, seed=0))
        net.refresh()
        fresh = compiler.compile(graph.copy(), batch_size=1024)
        assert net.program == fresh.program and net.program.calibration == OURS


def test_a_network_that_nothing_touched_keeps_its_program_whatever_figures_are_in_use():
    graph = mlp([300, 300, 4], seed=0)
    with using(lambda outer: OURS):
        net = compiler.compile(graph, batch_size=1024)
    program = net.program
    u, v = next(iter(graph.edges()))
    graph[u][v]["weight"] = 0.5
    net.refresh()
    assert net.program is program


def test_rates_that_the_times_follow_are_found():
    rng = np.random.default_rng(0)
    shipped = np.array([1e-5, 1e-10, 1e-9])
    true = shipped * (3.0, 0.5, 2.0)
    sizes = np.stack([np.ones(12), 10 ** rng.uniform(4, 7, 12), 10 ** rng.uniform(3, 6, 12)], 1)
    found = measuring.nearest(sizes, sizes @ true, shipped)
    np.testing.assert_allclose(found, true, rtol=0.1)


def test_rates_are_never_negative_and_what_is_not_seen_follows_the_rest():
    shipped = np.array([1e-5, 1e-10, 1e-9])
    sizes = np.array([[1.0, 1e6, 0.0], [1.0, 2e6, 0.0]])
    found = measuring.nearest(sizes, np.array([1e-4, 4e-4]), shipped)  # a call would have to give time back
    assert (found >= 0).all() and found[2] > shipped[2]


def test_every_family_of_samples_is_measured(monkeypatch):
    """In steps that are not run: each sample costs one second, and every rate behind it is found."""
    monkeypatch.setattr(measuring, "shortest", lambda steps, until, device: np.ones(len(steps)))
    before = torch.random.get_rng_state()
    found = measuring.measured("here")
    assert torch.equal(torch.random.get_rng_state(), before)
    changed = {name for name, rate in found.rates.items() if rate != CPU.rates[name]}
    assert {"dense_product", "grouped_value", "gather_value", "held_weight", "conv_value"} <= changed
    assert found.name == "here"
    assert any(name.endswith("sparse_product") for name in changed)
    assert {"field_product", "walk_product"} & changed and "narrow_group" not in changed


def test_one_sample_of_each_family_runs():
    families = [*REGISTRY.values(), *REGIONS.values()]
    assert sum(bool(lowering.samples) for lowering in families) >= 5
    for sample in [
        *(s for lowering in families for s in measuring.samples_of(lowering)[:1]),
        measuring._gathers("cpu")[0],
    ]:
        sample.step()
        assert sample.cost(CPU) > 0


def test_no_rate_is_lost_where_samples_do_not_tell_it_from_another():
    """Two rates, and sizes that grow together: each keeps its share, and times at other sizes are not thought free."""
    shipped, growing = np.array([1e-6, 2e-9]), np.array([[1.0, 100.0], [1.0, 200.0], [1.0, 400.0]])
    rates = measuring.nearest(growing, np.full(3, 5e-6), shipped)  # as if the second cost nothing
    expected = shipped * np.median(5e-6 / (growing @ shipped))
    assert (rates >= measuring.LEAST * expected * (1 - 1e-9)).all()
    exact = np.array([3e-6, 7e-9])
    np.testing.assert_allclose(measuring.nearest(growing, growing @ exact, shipped), exact, rtol=0.5)


def test_a_matrix_with_empty_slots_costs_what_holding_them_takes():
    full = BundleSpec(512, 512, 512 * 512, 32, False, "sum", "float32", "cpu")
    for name in ("dense", "onednn"):
        seconds, empty = REGISTRY[name].cost, full.sized(512, 512, 1000)
        assert seconds(empty, CPU) - seconds(full, CPU) == pytest.approx(CPU.held_call + 512 * 512 * CPU.held_weight)
        assert seconds(empty, cost.FIRST) == seconds(full, cost.FIRST)
    assert (REGISTRY["dense"].cost(full.sized(*np.array([[8, 8], [8, 8], [64, 3]])), CPU)).shape == (2,)


def test_figures_are_plain():
    assert calibration.from_plain(json.loads(json.dumps(as_plain(OURS)))) == OURS


_FIRST = {
    ("call", "product", "weight"): ("dense", "onednn"),
    ("call", "product", "weight", "value"): ("sparse", "native_sparse", "torch_sparse", "conv"),
    ("call", "group", "product", "weight", "value"): ("grouped",),
    ("call", "level", "product", "weight"): ("field", "walk"),
    ("call", "value"): ("gather", "aggregate", "pool"),
    ("group",): ("narrow",),
}
FIRST = [f"{family}_{rate}" for rates, families in _FIRST.items() for family in families for rate in rates]


def test_files_of_before_there_were_more_rates_are_read():
    old = {"name": "old"} | {name: 1e-9 * number for number, name in enumerate(FIRST)}
    found = calibration.from_plain(old)
    assert as_plain(found).items() >= old.items() and found.rates.keys() == CPU.rates.keys()


def test_every_rate_that_the_first_files_lack_may_be_missing():
    later = {name for family in rates_of(SHIPPED) for name in family.later}
    assert CPU.rates.keys() - later == set(FIRST)


def test_rates_that_came_later_are_what_they_say_where_a_file_lacks_them(monkeypatch):
    toy = Rates("toy", call=(1.0, 2.0), span=(3.0, 4.0), later={"span": 0.25})
    lowering = replace(REGISTRY["dense"], name="toy", rates=(toy,))
    monkeypatch.setattr(cost, "SHIPPED", (*SHIPPED, lowering))
    monkeypatch.setattr(calibration, "SHIPPED", (*SHIPPED, lowering))
    found = calibration.from_plain(as_plain(CPU) | {"toy_call": 5.0})
    assert toy.of(found) == (5.0, 0.25)
    with pytest.raises(ValueError, match="rates of this version"):
        calibration.from_plain(as_plain(CPU))


def test_rates_of_another_package_are_kept_and_go_by_what_it_ships_where_there_are_none():
    away = Rates("away", call=(1.0, 2.0))
    found = calibration.from_plain(json.loads(json.dumps(as_plain(OURS) | {"away_call": 7.0})))
    assert away.of(found) == (7.0,) and as_plain(found)["away_call"] == 7.0
    assert away.of(CPU) == (1.0,) and away.of(CUDA) == (2.0,)


WINDOWS = {
    "conv": Window("weight", (8, 8), (6, 6), (3, 3)),
    "flatten": Window("weight", (8, 8), (), (8, 8)),
    "pool": Window("max_pool", (8, 8), (4, 4), (2, 2), (2, 2)),
}


@pytest.mark.parametrize("lowering", [*REGISTRY.values(), *REGIONS.values()], ids=lambda lowering: lowering.name)
def test_a_cost_goes_by_the_rates_that_stand_beside_it(lowering):
    """Nothing but those and the picking of neurons: with all others a thousand times as large it is the same."""
    own = {name for family in rates_of([lowering]) for name in family.cpu}
    if lowering.name == "onednn":  # a handful of rows runs as dense does
        own |= {"dense_call", "dense_product", "dense_weight"}
    others = CPU.with_rates(**{name: 1000.0 * rate for name, rate in CPU.rates.items() if name not in own})
    if lowering.name in REGIONS:
        spec = RegionSpec(20, 500, 4000, 20, (), 64, "float32", "cpu")
    else:
        kind = "conv" if lowering.name.startswith("conv") else lowering.name
        spec = BundleSpec(64, 32, 512, 64, False, "sum", "float32", "cpu", 4, WINDOWS.get(kind), 600)
    assert lowering.cost(spec, CPU) == lowering.cost(spec, others)
    assert GATHER.cpu.keys() <= own
    doubled = CPU.with_rates(**{name: 2.0 * CPU.rates[name] for name in own})
    assert lowering.cost(spec, CPU) < lowering.cost(spec, doubled) < np.inf


@pytest.fixture
def device(monkeypatch):
    """A CUDA device by name, which nothing is run on."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Abacus")


def test_a_device_has_figures_of_its_own(measures, device, monkeypatch):
    here, there = of_this_machine(), of_this_machine("cuda")
    assert measures == [here.name, there.name] and there.name == "Abacus, measured"
    assert calibration.kept_at() != calibration.kept_at("cuda")
    monkeypatch.setattr(calibration, "_float32_products", lambda: "tf32")
    assert of_this_machine("cuda") is not there and len(measures) == 3
    monkeypatch.setenv(calibration.SWITCH, str(calibration.kept_at("cuda")))
    assert of_this_machine("cuda").name == there.name and of_this_machine() == CPU and len(measures) == 3
    monkeypatch.setenv(calibration.SWITCH, "shipped")
    assert of_this_machine("cuda") == CUDA and of_this_machine() == CPU


def test_figures_of_a_device_in_use_leave_the_others_alone():
    with using(lambda outer: OURS, "cuda"):
        assert current("cuda") == OURS
        with using(lambda outer: CPU):
            assert current("cuda") == OURS and current() == CPU
    assert current("cuda") != OURS


@pytest.mark.gpu
def test_a_device_is_measured(monkeypatch):
    before = torch.random.get_rng_state(), torch.cuda.get_rng_state()
    found = measuring.measured("there", "cuda")
    assert torch.equal(torch.random.get_rng_state(), before[0]) and torch.equal(torch.cuda.get_rng_state(), before[1])
    changed = {name for name, rate in found.rates.items() if rate != CUDA.rates.get(name)}
    assert {"dense_product", "sparse_product", "grouped_value", "field_level", "gather_value"} <= changed
