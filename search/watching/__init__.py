"""A run's page while the run goes on, served on this machine alone."""

from .server import Watcher

__all__ = ["Watcher"]
