"""What networks of feature maps tests draw: the kit's random ones, by hypothesis."""

from hypothesis import strategies as st

from compiler.testing.maps import MapRecipe, build_maps

__all__ = ["MapRecipe", "build_maps", "map_recipes"]


def map_recipes(**fixed) -> st.SearchStrategy[MapRecipe]:
    """Recipes with some fields fixed."""
    fields = {
        "seed": st.integers(0, 2**16),
        "channels": st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
        "side": st.integers(4, 8),
        "wiring": st.sampled_from(["full", "sparse", "grouped", "depthwise", "uneven"]),
        "norms": st.booleans(),
        "dropout": st.booleans(),
        "frozen": st.booleans(),
        "relays": st.booleans(),
        "mixed": st.booleans(),
    }
    fields |= {name: st.just(value) for name, value in fixed.items()}
    return st.builds(MapRecipe, **fields)
