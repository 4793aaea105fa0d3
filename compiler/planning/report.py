"""A program in words: what runs where, what it is predicted to cost, and why."""

from compiler.lowering.base import Layout
from compiler.lowering.region import RegionLayout
from compiler.planning.cost import told_time
from compiler.planning.program import BlockPlan, PartPlan, Program, StagePlan


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
    blocks = [_block(block) for block in stage.blocks]
    heads = [f"{number:<4} {blocks[0]}", *(f"     {block}" for block in blocks[1:])]
    if not stage.parts:
        heads[-1] += ", constant"
    return heads + [f"       {_part(part)}" for part in stage.parts]


def _block(block: BlockPlan) -> str:
    neurons, count = block.neurons, len(block.neurons.keys)
    what = f"{count} neuron{'s' * (count > 1)}{_maps(neurons.shape)}, " + ("batch norm, " if neurons.norm else "")
    more = "" if block.aggregation == "sum" else f", {block.aggregation}"
    more += f", dropout {neurons.dropout:g}" if neurons.dropout else ""
    more += ", read within its stage only" if block.inner else ""
    return f"{block.population!r}: {what}{neurons.activation}{more}"


def _maps(shape: tuple[int, ...]) -> str:
    return f" of {shape[0]} x {shape[1]}" if shape else ""


def _part(part: PartPlan) -> str:
    layout = part.layout
    synapses = len(layout.ids)
    what = f" ({layout.window})" if layout.window is not None else ""
    names = ", ".join(map(repr, part.sources[:3])) + (
        f" and {len(part.sources) - 3} more" if len(part.sources) > 3 else ""
    )
    return (
        f"{part.lowering:<9} from {names or 'nothing'}: {synapses} synapses{what} {_extent(layout)}, "
        f"{told_time(part.seconds)}; {part.why}"
    )


def _extent(layout: Layout) -> str:
    if isinstance(layout, RegionLayout):
        return f"into {layout.outputs} neurons on {layout.levels} levels"
    density = len(layout.ids) / (layout.inputs * layout.outputs)
    return f"in {layout.outputs} x {layout.inputs} (density {density:.3g})"
