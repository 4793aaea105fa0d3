"""One part of each kind, for neurograph."""
