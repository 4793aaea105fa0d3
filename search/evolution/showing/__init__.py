"""What a person sees of an evolution: its progress, its run directory in words and pictures, its page."""
