"""A program in words: what runs where, what it is predicted to cost, and why."""

from compiler.planning.cost import told_time
from compiler.planning.program import PartPlan, Program, StagePlan


def describe(program: Program) -> str:
    """One line per product, grouped by stage."""
    options = program.options
    head = (
        f"{len(program.stages)} stages for {options.dtype} on {options.device}, "
        f"tuned for batches of {options.batch_size}; "
        f"products of a training step: {told_time(program.seconds)} ({options.calibration.name})"
    )
    lines = [head]
    lines += [f"in   {port.population!r}: {port.width} neurons{_maps(port.shape)}" for port in program.inputs]
    for number, stage in enumerate(program.stages):
        lines += _stage(number, stage)
    lines += [f"out  {port.population!r}: {port.width} neurons{_maps(port.shape)}" for port in program.outputs]
    return "\n".join(lines)


def _stage(number: int, stage: StagePlan) -> list[str]:
    neurons, count = stage.neurons, len(stage.neurons.keys)
    what = f"{count} neuron{'s' * (count > 1)}{_maps(neurons.shape)}, " + ("batch norm, " if neurons.norm else "")
    more = "" if stage.aggregation == "sum" else f", {stage.aggregation}"
    more += f", dropout {neurons.dropout:g}" if neurons.dropout else ""
    head = f"{number:<4} {stage.population!r}: {what}{neurons.activation}{more}"
    return [head, *(f"       {_part(part)}" for part in stage.parts)] if stage.parts else [head + ", constant"]


def _maps(shape: tuple[int, ...]) -> str:
    return f" of {shape[0]} x {shape[1]}" if shape else ""


def _part(part: PartPlan) -> str:
    layout = part.layout
    synapses = len(layout.ids)
    density = synapses / (layout.inputs * layout.outputs)
    what = f" ({layout.window})" if layout.window is not None else ""
    names = ", ".join(map(repr, part.sources[:3])) + (
        f" and {len(part.sources) - 3} more" if len(part.sources) > 3 else ""
    )
    return (
        f"{part.lowering:<9} from {names}: {synapses} synapses{what} in {layout.outputs} x {layout.inputs} "
        f"(density {density:.3g}), {told_time(part.seconds)}; {part.why}"
    )
