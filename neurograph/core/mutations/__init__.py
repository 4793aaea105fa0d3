"""Mutations, each a function over a `GraphState`: check, ask the owner to write back, record an effect, change."""
