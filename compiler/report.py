"""A program in words: what runs where, what it is predicted to cost, and why."""

from compiler.program import PartPlan, Program, StagePlan


def describe(program: Program) -> str:
    """One line per product, grouped by stage."""
    options = program.options
    head = (
        f"{len(program.stages)} stages for {options.dtype} on {options.device}, "
        f"tuned for batches of {options.batch_size}; "
        f"products of a training step: {_time(program.seconds)} ({options.calibration.name})"
    )
    lines = [head]
    lines += [f"in   {port.population!r}: {port.width} neurons" for port in program.inputs]
    for number, stage in enumerate(program.stages):
        lines += _stage(number, stage)
    lines += [f"out  {port.population!r}: {port.width} neurons" for port in program.outputs]
    return "\n".join(lines)


def _stage(number: int, stage: StagePlan) -> list[str]:
    count = len(stage.neurons.keys)
    sums = "" if stage.aggregation == "sum" else f", {stage.aggregation}"
    head = f"{number:<4} {stage.population!r}: {count} neuron{'s' * (count > 1)}, {stage.neurons.activation}{sums}"
    return [head, *(f"       {_part(part)}" for part in stage.parts)] if stage.parts else [head + ", constant"]


def _part(part: PartPlan) -> str:
    layout = part.layout
    synapses = len(layout.ids)
    density = synapses / (layout.inputs * layout.outputs)
    names = ", ".join(map(repr, part.sources[:3])) + (
        f" and {len(part.sources) - 3} more" if len(part.sources) > 3 else ""
    )
    return (
        f"{part.lowering:<9} from {names}: {synapses} synapses in {layout.outputs} x {layout.inputs} "
        f"(density {density:.3g}), {_time(part.seconds)}; {part.why}"
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
