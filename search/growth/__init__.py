"""The ways in which a network changes while it trains."""
